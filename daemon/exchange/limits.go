package exchange

import (
	"time"

	"kith/crdt/entry"
)

// Version is the newest version of the protocol that this release speaks, and oldestVersion the
// oldest. Two replicas use the newest that both know.
const (
	Version       = 1
	oldestVersion = 1
)

// Limits of what a peer may send. Each is checked before anything is allocated for it.
const (
	// MaxBatch bounds the entries of one frame, in bytes after decompression, and once more as encodings: one entry of the
	// greatest size must fit.
	MaxBatch = entry.MaxSize + 4
	// MaxFrame bounds any frame's body, in bytes: what MaxBatch may come to where it can't be
	// compressed.
	MaxFrame = MaxBatch + 4<<10
	// MaxListed bounds the IDs that a set may have. A list is compared as it arrives and never
	// held, so this bounds time, not memory.
	MaxListed = 1 << 24
	// MaxHello bounds a greeting, in bytes.
	MaxHello = 4 << 10
	// MaxFeatures and MaxFeature bound the features in a greeting: how many, and bytes of each.
	MaxFeatures = 32
	MaxFeature  = 32
	// MaxReason bounds the reason in a goodbye, in bytes.
	MaxReason = 512
)

// How two sets are compared. Both sides must decide alike, so these are part of the protocol.
const (
	// firstSymbols is how many symbols go out at once: enough, 97 times in 100, for a difference
	// of three IDs, and few enough that they are no loss where there is none.
	firstSymbols = 12
	// farApart is by how many IDs the sizes of two sets may differ before symbols are no use.
	farApart = 3000
	// listFactor is how many IDs of the smaller set's list cost what a symbol does. It goes out
	// in both directions, and has a little more than an ID.
	listFactor = 2
	// unasked is how many entries the other lacks at most, as symbols showed, so that they are
	// sent at once. It asks for more when nobody else is sending them.
	unasked = 64
	// nonceSize is each side's part of a key, in bytes.
	nonceSize = 16
)

// bounds are how much one connection may hold and do at once; see the constants that they have
// by default. Only this side keeps to them, so a test may make them small.
type bounds struct {
	queue, have, window, batch, many, keep, store, rate, few int
	spread                                                   time.Duration
}

var defaultBounds = bounds{maxQueue, maxHave, window, batchSize, greatMany, keepAfter, wasteStore, wasteRate, fewLinks, spreadTime}

// What one connection may hold here.
const (
	// maxQueue bounds the newly stored entries that wait to be pushed. Past it the queue is
	// dropped and the sets are compared again.
	maxQueue = 4096
	// maxHave bounds the memory of which entries the peer has, which stops echoes.
	maxHave = 16384
	// window bounds what was sent and isn't acknowledged, in bytes of encodings.
	window = 4 << 20
	// greatMany is how many entries from one peer are too many to push each on to the others.
	greatMany = 1024
	// batchSize is where a batch is cut, in bytes of encodings.
	batchSize = 128 << 10
	// firstBatch is where the first batch of what a peer lacks is cut, and each one after it at
	// twice that, so that the first entries are there soon.
	firstBatch = 16 << 10
	// maxLack bounds the IDs out of one list that are asked for. Past it the sets are compared
	// once more when these are here.
	maxLack = 1 << 17
	// listChunk is how many IDs go into one frame of a list.
	listChunk = 4096
)

// What a peer may send for nothing; see budget.
const (
	// wasteStore is how much at once, and wasteRate how much goes on for ever, in bytes and bytes a second.
	wasteStore = 16 << 20
	wasteRate  = 256 << 10
	// wastePatience is how long a peer may go on once it is slowed down to that.
	wastePatience = 60 * time.Second
	// frameCost is what a message costs whatever is in it, in bytes.
	frameCost = 128
)

// How entries that came from a peer are passed on. In a full mesh all have most of them from who made
// them; if each waits a little, at random, most learn in time that the other has it, and it crosses
// each connection once in the place of twice. Where all are busy that takes longer than chance keeps them apart, so on each connection one end
// is the first, and the other waits until it should have heard.
const (
	// fewLinks is up to how many connections nothing waits.
	fewLinks = 3
	// spreadTime is how long, at most, for each connection there is, and mostSpread for all.
	spreadTime = time.Millisecond
	mostSpread = 100 * time.Millisecond
	// secondLater is how many of these times later the other end passes it on.
	secondLater = 4
)

// How long things may take.
const (
	// pingEvery is how long a connection stays without a word.
	pingEvery = 15 * time.Second
	// silenceLimit is how long a peer may say nothing at all.
	silenceLimit = 60 * time.Second
	// frameTime is how long one frame may take, and frameRate what is added for its size, in
	// bytes a second: about the slowest line worth having.
	frameTime = 60 * time.Second
	frameRate = 4 << 10
	// comparePause is the least time between the starts of two comparisons with one peer, whoever
	// wants the second.
	comparePause = 3 * time.Second
	// keyedPause is the least time between two keys with one device, over all its connections: making
	// symbols under one costs about half a microsecond for each ID. Where it is more, it is keyedPart
	// for each of them.
	keyedPause = 20 * time.Second
	keyedPart  = 100 * time.Microsecond
	// workPart is how many times as long as a comparison with a device kept us busy the next one is put
	// off, and formerPart how many times as long as others a former device waits for either.
	workPart   = 20
	workMost   = 10 * time.Second // of one comparison: what takes longer was a computer that slept
	formerPart = 10
	// idleAtOnce is how long a device may keep us storing what stands for nothing, and idlePart how many times as long as
	// that we are free of it from then on.
	idleAtOnce = 2 * time.Second
	idlePart   = 20
	// shortMost is the most that is waited before a peer that named entries and didn't give them is
	// compared with once more; the pause doubles from comparePause.
	shortMost = 10 * time.Minute
	// busyPatience is for how long at most no comparison is begun because a peer is sending us much.
	busyPatience = 30 * time.Second
	// turnIdle is how long a peer whose turn it is may send nothing new before the next one gets
	// its turn, turnTime how long a turn lasts for one that sends less than turnRate, in
	// bytes a second, and turnMost for any while others wait. It may go on sending without the turn.
	turnIdle = 2 * time.Second
	turnTime = 15 * time.Second
	turnRate = 16 << 10
	turnMost = 5 * time.Minute
	// byeTime is how long a peer has to hear why we leave.
	byeTime = time.Second
	// byeBytes is how much of what it still says is read meanwhile.
	byeBytes = 1 << 20
)
