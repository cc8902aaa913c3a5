//go:build !unix

package drop

// alone: here a folder holds no pipes, and only an administrator makes links.
const alone = 0
