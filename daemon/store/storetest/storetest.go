// Package storetest is for the tests of those who open stores.
package storetest

import "go.uber.org/goleak"

// Lasting returns the goroutines that Badger starts for all stores of a process and never ends: they are nobody's leak.
func Lasting() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
		goleak.IgnoreTopFunction("github.com/golang/glog.(*loggingT).flushDaemon"),
	}
}
