// Command photos takes pictures of the page: of each view that it is given, at some widths, light and dark, in each language.
//
//	photos LINK FOLDER [-themes light,dark] [-widths 320,768,1440] [-languages en,es] NAME=PATH…
//
// A theme is light, dark, forced (the system's few colours, as high contrast has them) or print (as it is put on paper).
//
// LINK is what kith open --print gave. A PATH is one below the co-op: "decisions/d-9f2c".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "photos:", err)
		os.Exit(1)
	}
}

func run() error {
	themes := flag.String("themes", "light,dark", "")
	widths := flag.String("widths", "320,768,1440", "")
	languages := flag.String("languages", "en,es", "")
	flag.Parse()
	if flag.NArg() < 3 {
		return fmt.Errorf("LINK, FOLDER and at least one NAME=PATH are needed")
	}
	link, folder := flag.Arg(0), flag.Arg(1)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.Flag("hide-scrollbars", true))...) // it shows what this script made, as root where scripts are
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(link), chromedp.WaitVisible(chromedp.CSS(".mast-mark"))); err != nil {
		return err
	}
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	home, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err
	}
	for _, view := range flag.Args()[2:] {
		name, path, _ := strings.Cut(view, "=")
		for _, language := range strings.Split(*languages, ",") {
			for _, theme := range strings.Split(*themes, ",") {
				for _, width := range strings.Split(*widths, ",") {
					to := filepath.Join(folder, strings.Join([]string{name, width, theme, language}, "-")+".png")
					if err := photo(ctx, home+path, width, theme, language, to); err != nil {
						return fmt.Errorf("%s: %w", to, err)
					}
				}
			}
		}
	}
	return nil
}

// photo takes one picture, of the whole height.
func photo(ctx context.Context, at, width, theme, language, to string) error {
	w, err := strconv.ParseInt(width, 10, 64)
	if err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}); err != nil {
		return err
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
	switch theme {
	case "forced":
		media.Features = []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}}
	case "print":
		media.Media, media.Features = "print", nil
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(w, 900), chromedp.Navigate(at), chromedp.WaitVisible(chromedp.CSS("main"))); err != nil {
		return err
	}
	for height := int64(0); ; { // a taller window may make a taller page
		now, err := chromedp.Run(ctx, chromedp.Evaluate[int64](`Promise.all(["650 16px Schibsted", "16px Vollkorn"].map((f) => document.fonts.load(f)))
			.then(() => new Promise(requestAnimationFrame)).then(() => document.documentElement.scrollHeight)`, chromedp.EvalAwaitPromise))
		if err != nil {
			return err
		}
		if now <= height {
			break
		}
		height = now
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(w, max(height, 900))); err != nil {
			return err
		}
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(to, png, 0o644)
}
