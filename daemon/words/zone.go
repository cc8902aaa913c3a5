package words

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ZoneHere is the name of the time zone of this computer, for a command that proposes it; an example where it has none.
func ZoneHere() string {
	const example = "Europe/Berlin"
	if name := time.Local.String(); name != "Local" && name != "" && name != "UTC" {
		return name
	}
	// A computer says where it is by what /etc/localtime leads to.
	to, err := os.Readlink("/etc/localtime")
	if err != nil {
		return example
	}
	_, name, ok := strings.Cut(filepath.ToSlash(to), "zoneinfo/")
	if _, err := time.LoadLocation(name); !ok || err != nil || strings.HasSuffix(name, "UTC") {
		return example
	}
	return name
}
