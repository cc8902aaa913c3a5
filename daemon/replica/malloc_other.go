//go:build !linux || !cgo

package replica

func trimCore() {}
