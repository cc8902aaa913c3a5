package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"kith/daemon/api"
)

// maxCode bounds a code that is typed or piped, in bytes: well above any that there is.
const maxCode = 8 << 10

// code gives the code that a word stands for: itself or, for "-", what is typed or comes in on stdin, with the message around it. Others who
// work on this computer can read the arguments of a command, and could be faster with a code that lets one person in.
func (c *call) code(word string) (string, error) {
	if word != "-" {
		return word, nil
	}
	ask := func(what string) (string, error) {
		if terminal(c.env.Stdin) > 0 {
			fmt.Fprint(c.env.Stderr, what)
		}
		return c.line(maxCode)
	}
	text, err := ask("The code: ")
	switch {
	case err != nil:
		return "", err
	case text == "":
		return "", api.Problemf(api.Usage, "type it, or give it on stdin", "there is no code")
	case terminal(c.env.Stdin) == 0:
		return c.wholeCode(text), nil
	}
	for api.IsCode(text) && api.WholeCode(text) == "" && len(text) < maxCode { // a mail may have broken it over lines
		rest, err := ask("The rest of it (Enter: that was all): ")
		if err != nil {
			return "", err
		}
		if rest == "" {
			break
		}
		text += "\n" + rest
	}
	return cmp.Or(api.WholeCode(text), text), nil
}

// wholeCode is the code in a first line of stdin, with as many of those behind it as that takes: a message may have words before it,
// and a mail may have broken it. What comes behind its line stays for the next question, as all does if there is no whole code.
func (k *kith) wholeCode(first string) string {
	if code := api.WholeCode(first); code != "" {
		return code
	}
	ahead, _ := k.lines().Peek(k.lines().Size()) // what there is of so much
	for end := 0; end < len(ahead); {
		line := bytes.IndexByte(ahead[end:], '\n') + 1
		if line == 0 {
			line = len(ahead) - end
		}
		end += line
		if code := api.WholeCode(first + "\n" + string(ahead[:end])); code != "" {
			_, _ = k.lines().Discard(end) // it was there a moment ago
			return code
		}
	}
	return first
}

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
