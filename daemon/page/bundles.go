package page

import (
	"cmp"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kith/daemon/api"
)

// carried is the page of what goes without a network: bundles, and the folders that something else carries.
type carried struct {
	Write, Read, Add *form
	Folders          []row
}

// byFilePage names that page in the address.
const byFilePage = "by-file"

func (in *asking) byFile(w http.ResponseWriter) error { return in.byFileWith(w, carried{}) }

// byFileWith shows the page with a form that wasn't taken; those that v hasn't are fresh.
func (in *asking) byFileWith(w http.ResponseWriter, v carried) error {
	status := statusOf(cmp.Or(v.Write, v.Read, v.Add))
	folders, err := in.c.Drops(in.ctx())
	if err != nil {
		return err
	}
	for _, d := range folders {
		v.Folders = append(v.Folders, in.folderRow(d))
	}
	if v.Write == nil {
		if v.Write, err = in.bundleForm(); err != nil {
			return err
		}
	}
	v.Read, v.Add = cmp.Or(v.Read, in.bundleReadForm()), cmp.Or(v.Add, in.folderForm())
	in.show(w, status, byFilePage, in.t.T("Without a network"), v)
	return nil
}

// bundleForm asks for whom a bundle is, and from when on.
func (in *asking) bundleForm() (*form, error) {
	members, err := in.c.Members(in.ctx())
	if err != nil {
		return nil, err
	}
	who := input{Name: "for", Is: "pick", Label: in.t.T("For whom?"), Hint: in.t.T("For one person, what they are known to have is left out. Everybody’s computers can open it all the same."), Options: []option{{Words: in.t.T("everybody: all that is here")}}}
	for _, m := range members {
		if !m.Me && (m.Standing == "full" || m.Standing == "prospective") {
			who.Options = append(who.Options, option{Value: m.ID, Words: m.Called()})
		}
	}
	since := input{Name: "since", Is: "day", Label: in.t.T("Only what came here since"), Hint: in.t.T("It may stay empty. If in doubt, take more: to read a thing twice does no harm.")}
	f := &form{At: in.At(byFilePage, "bundle"), Plain: true, Words: in.t.T("Save the file"), Inputs: []input{who, since}}
	if in.r.Method == http.MethodPost {
		f.retype(in.r.PostForm)
	}
	return f, nil
}

// writeBundle gives the browser a bundle.
func (in *asking) writeBundle(w http.ResponseWriter) error {
	refused := func(err error) error {
		f, gone := in.bundleForm()
		if gone != nil {
			return gone
		}
		return in.byFileWith(w, carried{Write: in.again(f, err)})
	}
	since, err := in.moment(in.r.PostFormValue("since"))
	if err != nil {
		return refused(err)
	}
	q := api.BundleRequest{For: in.r.PostFormValue("for"), Since: since}
	what, from, err := in.c.WriteBundle(in.ctx(), q)
	if err != nil {
		return refused(err)
	}
	return in.sends(w, "kith-"+what.MadeAt.In(in.now.Location()).Format(time.DateOnly)+".bundle", from)
}

func (in *asking) bundleReadForm() *form {
	return &form{At: in.At(byFilePage, "read"), Plain: true, Holds: true, Words: in.t.T("Read the file"), Inputs: []input{in.fileInput(in.t.T("The file that somebody gave you"), in.t.T("It counts as if their computer had sent it: it is signed, and the same rules hold."))}}
}

// readBundle takes what is in a bundle, as it comes.
func (in *asking) readBundle(w http.ResponseWriter) error {
	refused := func(err error) error { return in.byFileWith(w, carried{Read: in.again(in.bundleReadForm(), err)}) }
	if in.file == nil {
		return refused(errNoFile)
	}
	res, err := in.c.ReadBundle(in.ctx(), in.file, nil)
	in.leftOver()
	if err != nil {
		return refused(err)
	}
	in.p.hub.forget()
	in.goTo(w, in.telling(in.At(byFilePage), in.bundleSays(res)))
	return nil
}

// bundleSays says what came of a bundle.
func (in *asking) bundleSays(b api.BundleRead) (all []sentence) {
	say := func(says string) { all = append(all, sentence{Says: says}) }
	say(in.t.N("From {computer} of {who}: {n} changes are new here.", b.New, "computer", b.Device.Name, "who", b.Member.Name))
	if b.Pending > 0 {
		say(in.t.N("{N} of them wait for others that aren’t here yet: ask for a file from earlier on.", b.Pending))
	}
	if b.Void > 0 {
		say(in.t.N("{N} count for nothing, since a rule refuses them.", b.Void))
	}
	if b.Elsewhere > 0 {
		say(in.t.N("{N} stand where the charter has split, on the other side.", b.Elsewhere))
	}
	if b.Left > 0 {
		say(in.t.N("{N} weren’t kept: too much of who made them waits or counts for nothing already.", b.Left))
	}
	return all
}

func (in *asking) folderForm() *form {
	f := &form{ID: "folder", At: in.At(byFilePage, "folders"), Words: in.t.T("Use this folder"), Inputs: []input{
		{Name: "dir", Is: "line", Own: true, Label: in.t.T("Where the folder lies"), Hint: in.t.T("From the root on, or from your own folder: ~/Nextcloud/riso. The others do the same on their computers, with their name for it."), Needs: true, Max: maxPath}}}
	if in.r.Method == http.MethodPost {
		f.retype(in.r.PostForm)
	}
	return f
}

// maxPath bounds the path of a folder, in characters.
const maxPath = 1000

// folderRow says how it stands with a drop folder.
func (in *asking) folderRow(d api.Drop) row {
	var wrote, read, files string
	if d.Files > 0 {
		files = in.t.N("{n} files of this computer lie there", d.Files)
	}
	if !d.WroteAt.IsZero() {
		wrote = in.t.T("last written {when}", "when", in.Moment(d.WroteAt.Time))
	}
	if !d.ReadAt.IsZero() {
		read = in.t.T("last read {when}", "when", in.Moment(d.ReadAt.Time))
	}
	says := dots(files, wrote, read)
	if says == "" {
		says = in.t.T("nothing went through it since the daemon began")
	}
	for _, wrong := range in.saidAll(d.Says) {
		says += ". " + capital(wrong.Says)
	}
	return row{ID: url.PathEscape(d.Dir), Mark: textMark(), Title: d.Dir, Says: says,
		Does: []action{{Words: in.t.T("Use it no more"), At: in.At(byFilePage, "folders", "remove") + "?dir=" + url.QueryEscape(d.Dir), Post: true, Look: "plain", Back: in.At(byFilePage), About: d.Dir}}}
}

// addFolder has bundles left and taken in a folder.
func (in *asking) addFolder(w http.ResponseWriter) error {
	_, err := in.c.AddDrop(in.ctx(), ownFolder(strings.TrimSpace(in.r.PostFormValue("dir"))))
	if err != nil {
		return in.byFileWith(w, carried{Add: in.again(in.folderForm(), err)})
	}
	in.goTo(w, in.At(byFilePage))
	return nil
}

// ownFolder is a path with the person's own folder in the place of "~".
func ownFolder(dir string) string {
	if below, ok := strings.CutPrefix(dir, "~/"); ok {
		if own, err := os.UserHomeDir(); err == nil {
			return filepath.Join(own, below)
		}
	}
	return dir
}

// removeFolder gives one up; what lies in it stays.
func (in *asking) removeFolder(w http.ResponseWriter) error {
	gone, err := in.c.RemoveDrop(in.ctx(), in.r.FormValue("dir"))
	if err != nil {
		return err
	}
	var told []sentence
	if gone.Files > 0 {
		told = append(told, sentence{Says: in.t.N("{N} files of this computer still lie there (kith-….bundle): remove them once the others have them.", gone.Files)})
	}
	in.goTo(w, in.telling(in.At(byFilePage), told))
	return nil
}
