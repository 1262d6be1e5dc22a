package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"kinglet/internal/fault"
	"kinglet/internal/semaphore"
	"kinglet/store"

	"golang.org/x/crypto/argon2"
)

// argon2id's parameters: OWASP's second choice, since Kinglet's machines have
// little memory and sign-ins are rare.
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	argonKey     = 32
)

// minPassword is the shortest password, in characters.
const minPassword = 8

// HashPassword returns the PHC string of a password, when memory is available
// (store.Store.Memory). Invalid when it is too short, Unavailable when too many
// are being hashed.
func HashPassword(ctx context.Context, memory *semaphore.Semaphore, password string) (hash string, err error) {
	if len([]rune(password)) < minPassword {
		return "", fault.Errorf(fault.Invalid, "password: want at least %d characters", minPassword)
	}
	release, err := memory.Acquire(ctx, store.Client(ctx))
	if err != nil {
		return "", err
	}
	defer release()
	defer runtime.GC() // the next must not find this one's memory still in use
	return hashPassword(password), nil
}

// VerifyPassword reports whether a password matches a hash, in constant time.
// An empty or invalid hash matches nothing, at the same cost. Unavailable when
// too many are being hashed.
func VerifyPassword(ctx context.Context, memory *semaphore.Semaphore, hash, password string) (bool, error) {
	release, err := memory.Acquire(ctx, store.Client(ctx))
	if err != nil {
		return false, err
	}
	defer release()
	defer runtime.GC()
	return verifyPassword(hash, password), nil
}

func hashPassword(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func verifyPassword(hash, password string) bool {
	var version, memory, passes, threads uint32
	parts := strings.Split(hash, "$")
	ok := len(parts) == 6 && parts[1] == "argon2id"
	salt, want := make([]byte, 16), make([]byte, argonKey)
	if ok {
		_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
		_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads)
		s, err3 := base64.RawStdEncoding.DecodeString(parts[4])
		k, err4 := base64.RawStdEncoding.DecodeString(parts[5])
		ok = err1 == nil && err2 == nil && err3 == nil && err4 == nil && version == argon2.Version &&
			memory <= 1<<20 && passes > 0 && passes <= 16 && threads > 0 && threads <= 16 && len(k) > 0
		if ok {
			salt, want = s, k
		}
	}
	if !ok {
		memory, passes, threads = argonMemory, argonTime, argonThreads
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, uint8(threads), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && ok
}
