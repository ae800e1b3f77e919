// Command goverifier checks a log that Comity wrote with the Go project's own code for transparency logs, unmodified
// (golang.org/x/mod/sumdb/note and tlog, from Debian's package golang-golang-x-mod-dev). Nothing here hashes a tree or
// checks a signature of a log: it reads files and hands them over.
//
//	goverifier LOG VKEY RECEIPTS [WITNESS-VKEY ...]
//
// LOG is a folder in the form of C2SP tlog-tiles, RECEIPTS one of receipt files, to be proved by the key VKEY. With
// witnesses, LOG/witnessed must carry the cosignature of each. Prints what was checked as JSON, or one reason and exits with 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of a tile, as C2SP tlog-tiles fixes it

type counts struct {
	Notes, Cosignatures, Inclusion, Consistency, Tiles, Entries int
}

// tiles reads hash tiles from a folder, for tlog.TileHashReader, which holds them to the tree's hash.
type tiles struct{ folder string }

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(t.folder, path(tile)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// path is where C2SP has a tile: as the Go checksum database does, but without the height.
func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
}

// cosigner is a witness's key (C2SP tlog-cosignature, Ed25519), which note.NewVerifier does not know, as a note.Verifier.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("malformed witness key")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != 4 {
		return nil, errors.New("not a witness key for Ed25519")
	}
	return &cosigner{parts[0], uint32(hash), raw[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig[:8]), msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

// open checks a checkpoint's signatures and reads its tree. It must be signed by all of the verifiers.
func open(text string, log note.Verifier, others ...note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open([]byte(text), note.VerifierList(append(others, log)...))
	if err != nil {
		return tree, err
	}
	if len(opened.Sigs) != 1+len(others) {
		return tree, fmt.Errorf("%d of %d signatures", len(opened.Sigs), 1+len(others))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != log.Name() {
		return tree, errors.New("the checkpoint is of another log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// included checks a receipt file: entry, C2SP tlog-proof and the checkpoint in it, whose tree it gives back.
func included(file string, log note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	var receipt struct{ Entry, Proof string }
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &receipt)
	}
	if err != nil {
		return tree, err
	}
	parts := strings.SplitN(receipt.Proof, "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return tree, errors.New("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return tree, err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return tree, err
		}
		proof = append(proof, hash)
	}
	if tree, err = open(parts[1], log); err != nil {
		return tree, err
	}
	if index < 0 || index >= tree.N {
		return tree, errors.New("the index is outside the tree")
	}
	return tree, tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash([]byte(receipt.Entry)))
}

// store holds the hashes of a tree in the order of tlog.StoredHashIndex.
type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, i := range indexes {
		found = append(found, s[i])
	}
	return found, nil
}

// hashes computes every hash of the tree from the entries in its bundles.
func hashes(folder string, size int64) (store, error) {
	var stored store
	for n := int64(0); n < size; {
		tile := tlog.Tile{H: height, L: 0, N: n >> height, W: 1 << height}
		if rest := size - n; rest < 1<<height {
			tile.W = int(rest)
		}
		name := strings.Replace(path(tile), "tile/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		for i := 0; i < tile.W; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s is cut short", name)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			more, err := tlog.StoredHashes(n, data[2:end], stored)
			if err != nil {
				return nil, err
			}
			stored, data = append(stored, more...), data[end:]
			n++
		}
		if len(data) > 0 {
			return nil, fmt.Errorf("%s has more than its entries", name)
		}
	}
	return stored, nil
}

// whole checks that the entries make the signed root, and each tile is, byte for byte, the one that Go makes of them.
//
// tlog.TileHashReader is not relied on for that: before version 0.40 (CVE-2026-56865) it did not hold every tile to its parent.
func whole(folder string, tree tlog.Tree) (int, error) {
	stored, err := hashes(folder, tree.N)
	if err != nil {
		return 0, err
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return 0, err
	}
	if root != tree.Hash {
		return 0, errors.New("the entries do not make the signed root")
	}
	made, count := tlog.NewTiles(height, 0, tree.N), 0
	for i, tile := range made {
		if i+1 < len(made) && made[i+1].L == tile.L && made[i+1].N == tile.N {
			continue // a partial tile of a smaller tree
		}
		want, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return 0, err
		}
		data, err := os.ReadFile(filepath.Join(folder, path(tile)))
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(want, data) {
			return 0, fmt.Errorf("%s is not the tile of the entries", path(tile))
		}
		count++
	}
	return count, nil
}

func check(folder, vkey, receipts string, witnesses []string) (counts, error) {
	var done counts
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return done, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return done, err
	}
	now, err := open(string(text), log)
	if err != nil {
		return done, err
	}
	if done.Tiles, err = whole(folder, now); err != nil {
		return done, err
	}
	done.Entries = int(now.N)
	states := map[tlog.Tree]bool{}
	files, err := filepath.Glob(filepath.Join(receipts, "*.json"))
	if err != nil {
		return done, err
	}
	for _, file := range files {
		tree, err := included(file, log)
		if err != nil {
			return done, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		states[tree] = true
		done.Inclusion++
	}
	if len(witnesses) > 0 {
		var others []note.Verifier
		for _, vkey := range witnesses {
			witness, err := newCosigner(vkey)
			if err != nil {
				return done, err
			}
			others = append(others, witness)
		}
		text, err := os.ReadFile(filepath.Join(folder, "witnessed"))
		if err != nil {
			return done, err
		}
		tree, err := open(string(text), log, others...)
		if err != nil {
			return done, err
		}
		states[tree] = true
		done.Cosignatures = len(others)
	}
	done.Notes = 1 + len(files)
	for old := range states {
		if old.N < 1 || old.N > now.N {
			return done, errors.New("a receipt is of another size than the log has reached")
		}
		proof, err := tlog.ProveTree(now.N, old.N, tlog.TileHashReader(now, tiles{folder}))
		if err != nil {
			return done, err
		}
		if err := tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash); err != nil {
			return done, fmt.Errorf("the tree of size %d: %w", old.N, err)
		}
		done.Consistency++
	}
	return done, nil
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "goverifier LOG VKEY RECEIPTS [WITNESS-VKEY ...]")
		os.Exit(2)
	}
	done, err := check(os.Args[1], os.Args[2], os.Args[3], os.Args[4:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "NOT VALID:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(done); err != nil {
		os.Exit(1)
	}
}
