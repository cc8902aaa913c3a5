package letter_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"kith/daemon/letter"
)

func TestOfAMailTheWordsAreTakenAndNothingElse(t *testing.T) {
	l, err := letter.ReadMail(strings.NewReader(strings.ReplaceAll(`From: =?utf-8?q?M=C3=ADa?= <mia@tandem.example>
Subject: =?iso-8859-1?q?Una_p=E1gina?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

We need a p=E1gina.=0D=0A
--c
Content-Type: text/html

<p>We need <b>a page</b></p>
--c--
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

AAAA
--b--
`, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	if l.Who != "Mía" || l.Contact != "mia@tandem.example" || l.Subject != "Una página" || l.Text != "We need a página." {
		t.Errorf("%+v", l)
	}
	if len(l.Left) != 1 || l.Left[0] != "an attachment: plan.pdf" {
		t.Errorf("left out: %q", l.Left)
	}
}

func TestAMailThatIsOnlyMarkupIsReadAsWords(t *testing.T) {
	l, err := letter.ReadMail(strings.NewReader("From: a@b.example\nContent-Type: text/html\n\n<style>p{}</style><p>Hello &amp; <a href=x>good day</a>: 400&nbsp;&euro;<br>M&iacute;a &#8212; Ana</p>"))
	if err != nil || l.Text != "Hello & good day: 400 €\nMía — Ana" || l.Who != "a@b.example" {
		t.Errorf("%+v, %v", l, err)
	}
}

// Thirty megabytes and ten attachments are read with little memory.
func TestALargeMailIsReadAndItsAttachmentsAreNamed(t *testing.T) {
	head := "From: Mia <mia@tandem.example>\r\nSubject: Plans\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n"
	parts := []io.Reader{strings.NewReader(head)}
	for i := range 10 {
		parts = append(parts, strings.NewReader(fmt.Sprintf("--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=plan%d.png\r\n\r\n", i)),
			io.LimitReader(letters{}, 3<<20), strings.NewReader("\r\n"))
	}
	parts = append(parts, strings.NewReader("--b--\r\n"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l, err := letter.ReadMail(io.MultiReader(parts...))
	runtime.ReadMemStats(&after)
	if err != nil || l.Text != "See below." || len(l.Left) != 10 {
		t.Fatalf("%+v, %v", l, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("it took %d MB", used>>20)
	}
}

// letters is text without end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
		if i%77 == 76 {
			p[i] = '\n'
		}
	}
	return len(p), nil
}

func TestNoLetterOfAMailIsLostToHowItIsWritten(t *testing.T) {
	const body = "Grüße aus Köln"
	old := "Gr\xfc\xdfe aus K\xf6ln" // as programs wrote it before UTF-8
	for what, mail := range map[string]string{
		"it doesn't say how":           "From: a@b.example\n\n" + old,
		"it says that it is UTF-8":     "From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\n" + old,
		"nobody knows what it says":    "From: a@b.example\nContent-Type: text/plain; charset=x-ours\n\n" + old,
		"UTF-8, and it doesn't say so": "From: a@b.example\n\n" + body,
		"a mark before the whole mail": "\ufeffFrom: a@b.example\n\n" + body,
		"a mark before its text":       "From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\n\ufeff" + body,
		"it says how":                  "From: a@b.example\nContent-Type: text/plain; charset=iso-8859-1\n\n" + old,
	} {
		if l, err := letter.ReadMail(strings.NewReader(mail)); err != nil || l.Text != body {
			t.Errorf("%s: %+v, %v", what, l, err)
		}
	}
	for _, first := range []string{"", "a"} { // what is read of one ends in the middle of a letter
		if l, err := letter.ReadMail(strings.NewReader("From: a@b.example\n\n" + first + strings.Repeat("ü", 4*letter.MaxText))); err != nil || !strings.HasPrefix(l.Text, first+"üü") {
			t.Errorf("a long one begins %.20q, %v", l.Text, err)
		}
	}
}

func TestAnAttachmentIsNamedAsItsNameIsRead(t *testing.T) {
	l, err := letter.ReadMail(strings.NewReader("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png\n" +
		"Content-Disposition: attachment; filename=\"=?utf-8?B?w7FhbmTDui5wbmc=?=\"\n\nx\n--b--\n"))
	if err != nil || len(l.Left) != 1 || l.Left[0] != "an attachment: ñandú.png" {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestWhoIsToBeAnsweredElsewhereIs(t *testing.T) {
	l, err := letter.ReadMail(strings.NewReader("From: Contact form <noreply@forms.example>\nReply-To: Mia <mia@tandem.example>\n\nHello"))
	if err != nil || l.Contact != "mia@tandem.example" || l.Who != "Contact form" {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestWhatIsNoMailIsRefused(t *testing.T) {
	for _, s := range []string{"", "hello", "\x00\x01\x02", "Subject: no sender\n\nHello"} {
		if l, err := letter.ReadMail(strings.NewReader(s)); err == nil {
			t.Errorf("%q is read as %+v", s, l)
		}
	}
}

func TestAFormIsReadInTwoForms(t *testing.T) {
	for _, s := range []string{
		`{"who":"Tandem Bikes","contact":"mia@tandem.example","need":"a page\nand a shop","budget":"4000 EUR","due":"2027-03-01"}`,
		"Who: Tandem Bikes\nContact: mia@tandem.example\nBudget: 4000 EUR\nDue: 2027-03-01\nNeed: a page\nand a shop\n",
	} {
		l, err := letter.ReadForm(strings.NewReader(s))
		if err != nil || l.Who != "Tandem Bikes" || l.Contact != "mia@tandem.example" || l.Text != "a page\nand a shop" || l.Budget != "4000 EUR" || l.Due != "2027-03-01" {
			t.Errorf("%+v, %v", l, err)
		}
	}
	for _, s := range []string{"", "need: x", "\xff\xfe", strings.Repeat("a", letter.MaxForm+1)} {
		if l, err := letter.ReadForm(strings.NewReader(s)); err == nil {
			t.Errorf("read as %+v", l)
		}
	}
}

// Each of these cost the square of its size, in time and in memory.
func TestALetterThatIsMeantToTakeLongTakesNoMoreThanAnother(t *testing.T) {
	taken := func(what string, do func() (*letter.Letter, error)) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		l, err := do()
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err != nil || !strings.Contains(l.Text, "Hello") || used > 64<<20 {
			t.Errorf("%s takes %d MB: %v", what, used>>20, err)
		}
	}
	for what, mail := range map[string]string{
		"empty styles":          "From: a@b.example\nContent-Type: text/html\n\nHello" + strings.Repeat("<style></style>", 20_000),
		"styles without an end": "From: a@b.example\nContent-Type: text/html\n\nHello" + strings.Repeat("<style>", 40_000),
	} {
		taken(what, func() (*letter.Letter, error) { return letter.ReadMail(strings.NewReader(mail)) })
	}
	taken("a form of many lines", func() (*letter.Letter, error) {
		return letter.ReadForm(strings.NewReader("who: Mia\nneed: Hello" + strings.Repeat("\ny", 500_000)))
	})
	if _, err := letter.ReadMail(io.MultiReader(strings.NewReader("From: a@b.example\nSubject: "), io.LimitReader(letters{}, 30<<20))); err == nil {
		t.Error("thirty megabytes of a head are a mail")
	}
}

func TestANumberInAFormKeepsItsDigits(t *testing.T) {
	l, err := letter.ReadForm(strings.NewReader(`{"who":"Mia","budget":4000000,"contact":null,"need":"a page"}`))
	if err != nil || l.Budget != "4000000" || l.Contact != "" {
		t.Errorf("%+v, %v", l, err)
	}
}

func FuzzAMail(f *testing.F) {
	f.Add([]byte("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--"))
	f.Fuzz(func(t *testing.T, in []byte) {
		l, err := letter.ReadMail(strings.NewReader(string(in)))
		if err == nil && (strings.ContainsAny(l.Who+l.Contact+l.Subject, "\n\x1b") || strings.Contains(l.Text, "\x1b")) {
			t.Errorf("%+v", l)
		}
	})
}
