package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"kith/daemon/api"
)

// maxCode bounds a code that is typed or piped, in bytes: well above any that there is.
const maxCode = 8 << 10

// code gives the code that a word stands for: itself or, for "-", what is typed or comes in a line of stdin. Others who
// work on this computer can read the arguments of a command, and could be faster with a code that lets one person in.
func (c *call) code(word string) (string, error) {
	if word != "-" {
		return word, nil
	}
	if terminal(c.env.Stdin) > 0 {
		fmt.Fprint(c.env.Stderr, "The code: ")
	}
	line, err := c.line(maxCode)
	line = unquoted(line)
	switch {
	case err != nil:
		return "", err
	case line == "":
		return "", api.Problemf(api.Usage, "type it, or give it on stdin", "there is no code")
	}
	for !api.IsWholeCode(line) && len(line) < maxCode { // a mail may have broken it over lines
		next := c.nextPart()
		if next == "" {
			break
		}
		line += next
	}
	return line, nil
}

// nextPart takes the next line of stdin if it can be a part of a code, which has neither spaces nor other signs than
// letters and digits; "" if it can't be, and then it stays for the next question.
func (k *kith) nextPart() string {
	if terminal(k.env.Stdin) > 0 { // where it would be waited for
		return ""
	}
	ahead, _ := k.lines().Peek(k.lines().Size()) // what there is of so much
	part, _, more := strings.Cut(string(ahead), "\n")
	word := unquoted(part)
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return ""
	}
	taken := len(part)
	if more {
		taken++
	}
	_, _ = k.lines().Discard(taken) // it was there a moment ago
	return word
}

// unquoted is a line without the marks that mails put before what they answer to.
func unquoted(line string) string { return strings.TrimLeft(strings.TrimSpace(line), "> \t") }

// lines is stdin for who reads it line by line: what one question leaves is the next one's.
func (k *kith) lines() *bufio.Reader {
	if k.stdin == nil {
		k.stdin = bufio.NewReader(k.in)
	}
	return k.stdin
}

// untilStopped reads until ctx ends: Ctrl-C at a question, or while a text is awaited, ends the command and not only what it does next.
type untilStopped struct {
	ctx  context.Context
	from io.Reader
}

func (r *untilStopped) Read(b []byte) (int, error) {
	room := make([]byte, len(b)) // b is its owner's again once this has returned
	n, err := unlessStopped(r.ctx, func() (int, error) { return r.from.Read(room) })
	return copy(b, room[:n]), err
}

// unlessStopped waits for what a person types, or until ctx ends; read goes on then, and nobody waits for it.
func unlessStopped[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type came struct {
		what T
		err  error
	}
	reads := make(chan came, 1)
	go func() {
		what, err := read()
		reads <- came{what, err}
	}()
	select {
	case c := <-reads:
		return c.what, c.err
	case <-ctx.Done():
		var nothing T
		return nothing, ctx.Err()
	}
}

// line reads one line of stdin, without space around it; "" if there is none more.
func (k *kith) line(most int) (string, error) {
	var line strings.Builder
	for {
		b, err := k.lines().ReadByte()
		switch {
		case errors.Is(err, io.EOF), err == nil && b == '\n':
			return strings.TrimSpace(line.String()), nil
		case err != nil:
			if terminal(k.env.Stdin) > 0 { // the question stands in this line
				fmt.Fprintln(k.env.Stderr)
			}
			return "", fmt.Errorf("read stdin: %w", err)
		case line.Len() == most:
			return "", api.Problemf(api.Limit, "", "a line of at most %d bytes is wanted here", most)
		}
		line.WriteByte(b)
	}
}

// showOnce shows what is there already, with a phrase that is shown this once and never again. Where it can't be
// written, the phrase goes to stderr: better there than lost.
func (c *call) showOnce(words string, show func() error) error {
	err := show()
	trouble := c.trouble()
	if trouble == nil || words == "" {
		return err
	}
	fmt.Fprintf(c.env.Stderr, "Your recovery phrase, which is shown only now:\n\n    %s\n\n", words)
	return api.Problemf(api.Failed, "write down the words above: they are not shown again", "it is done, and what there is to tell can't be written out: %v", trouble)
}

// trouble is why something couldn't be written to stdout.
func (k *kith) trouble() error {
	if o, ok := k.env.Stdout.(*outlet); ok {
		return o.trouble()
	}
	return nil
}
