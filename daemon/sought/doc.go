// Package sought is what a search looks through, and how words are found in it.
//
// Of each document there is a record beside its view, written in the same transaction: title, tags and all that people
// wrote into it, in the form in which words are compared. So a part of a word, or a word of a language without spaces, is found like any
// other.
//
// To read all records of 100,000 documents takes a fifth of a second. So they are bound into sheaves of up to 2,048: all that stands
// between spaces there, each once, and in which documents it stands how often. A search goes through the words of all sheaves, each of which it has only once for
// hundreds of documents, and has the same scores from them. The newest few hundred documents are in no sheaf yet: their records are read.
//
// An index of trigrams in the store would have to write some 300 keys with each document, and as many deletions with a
// rewritten one, and says nothing of words that are a letter apart; bleve, or Bluge, brings a store of its own, which no transaction of ours
// reaches, and needs to know where the words of Chinese, Japanese and Thai end.
package sought
