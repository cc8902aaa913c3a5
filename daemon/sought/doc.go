// Package sought is what a search looks through, and how words are found in it.
//
// Of each document there is a record beside its view, written in the same transaction: title, tags and all that people
// wrote into it, in the form in which words are compared. A search reads all records, and the views of what it shows alone. Of
// 100,000 documents of 500 letters that is 50 MB, which takes a quarter of a second, and three times that for words that are a letter apart; and a part of a word, or a word of a
// language without spaces, is found like any other.
//
// An index of trigrams in the store would have to write some 300 keys with each document, and as many deletions with a
// rewritten one, for a search that few make in an hour; bleve, or Bluge, brings a store of its own, which no transaction of ours
// reaches, and needs to know where the words of Chinese, Japanese and Thai end.
package sought
