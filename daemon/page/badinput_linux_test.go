package page_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"kith/daemon/daemontest"
)

// A real disk that fills up while somebody types: a small file system in memory.
func TestWhatIsTypedWhileTheDiskIsFullIsKeptAndGoesOutOnceThereIsRoom(t *testing.T) {
	unwatched(t)
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("mounting a small file system takes root")
	}
	ana := coop(t, "Ana")[0]
	made := ana.sends("notes/new", "notes", url.Values{"title": {"Minutes"}, "text": {"one"}})
	path := strings.TrimPrefix(made.at, ana.base)
	ana.stop()
	disk := filepath.Join(filepath.Dir(ana.dir), "disk")
	must(t, os.Mkdir(disk, 0o700))
	if err := syscall.Mount("kith-test", disk, "tmpfs", 0, "size=192m"); err != nil {
		t.Skipf("mounting a small file system isn't allowed here: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	home := filepath.Join(disk, "home")
	must(t, os.CopyFS(home, os.DirFS(ana.dir)))
	must(t, os.Chmod(filepath.Join(home, "device.key"), 0o600))
	ana.dir = home
	ana.start()
	ana.openPage()
	w := browser(t, ana)
	w.goTo(path + "/edit")
	fill := filepath.Join(disk, "films")
	daemontest.FillUp(t, disk, fill, 40<<20)
	w.do(chromedp.SendKeys("#f-text", " two"))
	w.untilSays("The disk is full")
	w.untilSays("What you write stays here, and is sent again by itself.")
	w.do(chromedp.Reload())
	w.until("what was typed is there", `document.querySelector("#f-text")?.value.includes("two")`)
	w.goTo("decisions/new")
	w.do(chromedp.SendKeys("#f-title", "Close on Fridays"))
	w.choose(`input[name=process][value=consent]`)
	w.click(".form .filled")
	w.untilSays("This computer couldn’t do it.")
	w.until("what was typed is there", `document.querySelector("#f-title")?.value === "Close on Fridays"`)
	must(t, os.Remove(fill))
	w.click(".form .filled")
	w.until("it is proposed", `document.querySelector("main h1").textContent.includes("Close on Fridays")`)
	w.goTo(path + "/edit")
	w.untilSays("Everybody has what you wrote")
	ana.sees(path).says(t, "two")
	w.quiet()
}
