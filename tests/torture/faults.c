/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into a program by LD_PRELOAD: what can fail, fails, once at each
 * place from which the program calls it, be it through a library.  A place is
 * the function that fails and the innermost callers of ours.  Memory fails only
 * where our own code asks for it: cgi-bin/memory.c does so for all libraries.
 *
 *	FAULTS_REPORT	a file; a line for each place, see faults_tell
 *	FAULTS_CODE	a file of pairs of uint64_t, in order: from and to where
 *			our code is, beside the program's start; else all of it
 *	FAULTS_AT	the number of the place at which it fails, from 1; 0 for
 *			none
 *	FAULTS_SEEN	instead, a file of FAULTS_SEEN_COUNT uint64_t, zeros at
 *			first: each place that is not in it yet fails, in
 *			whichever process comes to it, one each FAULTS_PAUSE_MS;
 *			none as long as the first is FAULTS_NEVER
 *	FAULTS_ONLY	if set, what can fail: names with blanks around them
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

enum {
	FAULTS_FRAMES = 64,
	FAULTS_CALLERS = 3,		/* that make a place */
	FAULTS_WORDS = 2048,		/* of the stack that are looked at */
	FAULTS_SEEN_COUNT = 65536,
	FAULTS_EARLY_SIZE = 65536
};

/* In the place of the time at which something failed last. */
#define FAULTS_NEVER UINT64_MAX

extern void *__libc_stack_end;

static struct {
	bool ready;
	int report;
	uintptr_t start, end;		/* of the program's code */
	const uint64_t (*code)[2];	/* of ours, beside its base */
	size_t code_count;
	uintptr_t base;
	unsigned int at, count;
	const char *only;
	_Atomic uint64_t *seen;		/* the first: when the last one was */
	int64_t pause_ms;
	bool done;
} faults = { .report = -1 };

/* Places, and what looks like one on the stack. */
static uint64_t faults_places[FAULTS_SEEN_COUNT];
static uint64_t faults_looks[FAULTS_SEEN_COUNT];
static pthread_t faults_main;
static __thread bool faults_busy __attribute__((tls_model("initial-exec")));

/* --- memory -------------------------------------------------------------- */

void *faults_malloc(size_t size) __asm__("malloc");
void *faults_calloc(size_t count, size_t size) __asm__("calloc");
void *faults_realloc(void *memory, size_t size) __asm__("realloc");
void faults_free(void *memory) __asm__("free");
void *faults_libc_malloc(size_t size) __asm__("__libc_malloc");
void *faults_libc_calloc(size_t count, size_t size) __asm__("__libc_calloc");

/* What dlsym itself may want, before it has found anything. */
static _Alignas(16) char faults_early[FAULTS_EARLY_SIZE];
static size_t faults_early_used;
static void *(*faults_real_malloc)(size_t);
static void *(*faults_real_calloc)(size_t, size_t);
static void *(*faults_real_realloc)(void *, size_t);
static void (*faults_real_free)(void *);
static bool faults_finding;

static bool
faults_find_memory(void)
{
	if (faults_real_free == NULL && !faults_finding) {
		faults_finding = true;
		FAULTS_FIND(faults_real_malloc, "malloc");
		FAULTS_FIND(faults_real_calloc, "calloc");
		FAULTS_FIND(faults_real_realloc, "realloc");
		FAULTS_FIND(faults_real_free, "free");
		faults_finding = false;
	}
	return faults_real_free != NULL;
}

static void *
faults_take_early(size_t size)
{
	void *memory = faults_early + faults_early_used;

	size = (size + 15) & ~(size_t)15;
	if (size > sizeof faults_early - faults_early_used)
		abort();
	faults_early_used += size;
	return memory;
}

static bool
faults_is_early(const void *memory)
{
	return (const char *)memory >= faults_early &&
	    (const char *)memory < faults_early + sizeof faults_early;
}

void *
faults_malloc(size_t size)
{
	void *memory = NULL;

	if (!faults_find_memory())
		memory = faults_take_early(size);
	else if (faults_hit("malloc", __builtin_return_address(0)))
		errno = ENOMEM;
	else
		memory = faults_real_malloc(size);
	return memory;
}

void *
faults_calloc(size_t count, size_t size)
{
	void *memory = NULL;

	if (!faults_find_memory())
		memory = faults_take_early(count * size);
	else if (faults_hit("calloc", __builtin_return_address(0)))
		errno = ENOMEM;
	else
		memory = faults_real_calloc(count, size);
	return memory;
}

void *
faults_realloc(void *old, size_t size)
{
	void *memory = NULL;

	if (!faults_find_memory() || faults_is_early(old)) {
		memory = faults_take_early(size);
		if (old != NULL)
			memcpy(memory, old, size);
	} else if (size > 0 &&
	    faults_hit("realloc", __builtin_return_address(0)))
		errno = ENOMEM;
	else
		memory = faults_real_realloc(old, size);
	return memory;
}

/* The program's own malloc and calloc call these. */
void *
faults_libc_malloc(size_t size)
{
	static void *(*real)(size_t);
	void *memory = NULL;

	FAULTS_FIND(real, "__libc_malloc");
	if (faults_hit("malloc", __builtin_return_address(0)))
		errno = ENOMEM;
	else
		memory = real(size);
	return memory;
}

void *
faults_libc_calloc(size_t count, size_t size)
{
	static void *(*real)(size_t, size_t);
	void *memory = NULL;

	FAULTS_FIND(real, "__libc_calloc");
	if (faults_hit("calloc", __builtin_return_address(0)))
		errno = ENOMEM;
	else
		memory = real(count, size);
	return memory;
}

void
faults_free(void *memory)
{
	if (!faults_is_early(memory) && faults_find_memory())
		faults_real_free(memory);
}

/* --- places -------------------------------------------------------------- */

static bool
faults_is_ours(uintptr_t address)
{
	size_t low = 0, high = faults.code_count;

	if (faults.code == NULL)
		return address >= faults.start && address < faults.end;
	address -= faults.base;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (address < faults.code[middle][0])
			high = middle;
		else if (address >= faults.code[middle][1])
			low = middle + 1;
		else
			return true;
	}
	return false;
}

static bool
faults_is_program(uintptr_t address)
{
	return address >= faults.start && address < faults.end;
}

static uint64_t
faults_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t
faults_hash_name(const char *name)
{
	uint64_t hash = 1;

	for (; *name != '\0'; name++)
		hash = faults_mix(hash, (unsigned char)*name);
	return hash;
}

/* True if it is new in the table, where it is from now on. */
static bool
faults_is_new(uint64_t *table, uint64_t key)
{
	size_t at = key % FAULTS_SEEN_COUNT;

	while (table[at] != 0 && table[at] != key)
		at = (at + 1) % FAULTS_SEEN_COUNT;
	if (table[at] == key)
		return false;
	table[at] = key;
	return true;
}

/* False if what seems to be on the stack has been looked at before. */
static bool
faults_looks_new(uint64_t hash, void *here)
{
	const uintptr_t *word = here;
	unsigned int found = 0, i;

	if (!pthread_equal(pthread_self(), faults_main))
		return true;
	for (i = 0; i < FAULTS_WORDS && found < FAULTS_CALLERS &&
	    (void *)(word + i) < __libc_stack_end; i++) {
		if (faults_is_program(word[i])) {
			hash = faults_mix(hash, word[i] - faults.base);
			found++;
		}
	}
	return faults_is_new(faults_looks, hash | 1);
}

struct faults_place {
	uint64_t key;
	uintptr_t callers[FAULTS_CALLERS];	/* beside the base */
	unsigned int count;
};

/* False if it is not our code that calls it. */
static bool
faults_find_place(struct faults_place *place, uint64_t hash)
{
	void *frames[FAULTS_FRAMES];
	int count = backtrace(frames, FAULTS_FRAMES), i;

	for (i = 2; i < count && place->count < FAULTS_CALLERS; i++) {
		uintptr_t frame = (uintptr_t)frames[i];

		if (!faults_is_program(frame))
			continue;
		if (place->count == 0 && !faults_is_ours(frame))
			return false;
		place->callers[place->count++] = frame - faults.base;
		hash = faults_mix(hash, frame - faults.base);
	}
	place->key = hash | 1;
	return place->count > 0;
}

static void
faults_write(const char *text)
{
	if (faults.report != -1)
		syscall(SYS_write, faults.report, text, strlen(text));
}

/* "place N NAME CALLER..." or "fault N NAME CALLER...", innermost first. */
static void
faults_tell(const char *word, const char *name,
    const struct faults_place *place)
{
	char line[300];
	int used;
	unsigned int i;

	used = snprintf(line, sizeof line, "%s %u %s", word, faults.count,
	    name);
	for (i = 0; i < place->count; i++)
		used += snprintf(line + used, sizeof line - (size_t)used,
		    " %lx", (unsigned long)place->callers[i]);
	snprintf(line + used, sizeof line - (size_t)used, "\n");
	faults_write(line);
}

static int64_t
faults_now_ms(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether one of all processes may fail now. */
static bool
faults_is_time(void)
{
	return faults.seen[0] != FAULTS_NEVER &&
	    (uint64_t)faults_now_ms() >= faults.seen[0] +
	    (uint64_t)faults.pause_ms;
}

/* True for the one that has the place's turn. */
static bool
faults_take_turn(uint64_t key)
{
	uint64_t last = faults.seen[0], now = (uint64_t)faults_now_ms();
	size_t at = key % (FAULTS_SEEN_COUNT - 1) + 1;
	uint64_t none = 0;

	while (faults.seen[at] != 0 && faults.seen[at] != key)
		at = at % (FAULTS_SEEN_COUNT - 1) + 1;
	return faults.seen[at] == 0 &&
	    now >= last + (uint64_t)faults.pause_ms &&
	    atomic_compare_exchange_strong(&faults.seen[0], &last, now) &&
	    atomic_compare_exchange_strong(&faults.seen[at], &none, key);
}

static bool
faults_look(const char *name, uintptr_t caller, void *here)
{
	struct faults_place place = { .count = 0 };
	uint64_t hash = faults_hash_name(name);
	bool is_memory = strstr("malloc calloc realloc", name) != NULL, fails;

	if (faults.seen != NULL && !faults_is_time())
		return false;
	if (is_memory && !faults_is_ours(caller))
		return false;
	if (is_memory) {
		place.callers[place.count++] = caller - faults.base;
		place.key = faults_mix(hash, caller - faults.base) | 1;
	} else if (!faults_looks_new(hash, here) ||
	    !faults_find_place(&place, hash))
		return false;
	if (faults.seen != NULL) {
		fails = faults_take_turn(place.key);
		faults.count += fails;
	} else if (faults_is_new(faults_places, place.key)) {
		fails = ++faults.count == faults.at;
		faults.done = fails;
		if (faults.at == 0)
			faults_tell("place", name, &place);
	} else
		fails = false;
	if (fails)
		faults_tell("fault", name, &place);
	return fails;
}

static bool
faults_is_wanted(const char *name)
{
	const char *found = faults.only == NULL ? NULL :
	    strstr(faults.only, name);

	return faults.only == NULL || (found != NULL && found[-1] == ' ' &&
	    found[strlen(name)] == ' ');
}

bool
faults_hit(const char *name, void *caller)
{
	int saved_errno = errno;
	bool fails = false;

	if (faults.ready && !faults.done && !faults_busy) {
		faults_busy = true;
		fails = faults_is_wanted(name) && faults_look(name,
		    (uintptr_t)caller, __builtin_frame_address(0));
		faults_busy = false;
	}
	errno = saved_errno;
	return fails;
}

/* --- beginning and end --------------------------------------------------- */

/* Of the program, which comes first. */
static int
faults_on_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	int i;

	(void)size;
	(void)arg;
	faults.base = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && header->p_flags & PF_X) {
			faults.start = faults.base + header->p_vaddr;
			faults.end = faults.start + header->p_memsz;
		}
	}
	return 1;
}

static void *
faults_map(const char *variable, int protection, size_t *size)
{
	const char *path = getenv(variable);
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = NULL;
	struct stat st;

	if (fd != -1 && fstat(fd, &st) == 0 && st.st_size > 0) {
		*size = (size_t)st.st_size;
		map = mmap(NULL, *size, protection, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			map = NULL;
	}
	if (fd != -1)
		close(fd);
	return map;
}

/* "crash SIGNAL CALLER...", the callers being all those of the program. */
static void
faults_on_crash(int number)
{
	void *frames[FAULTS_FRAMES];
	int count, used, i;
	char line[1000];

	faults_busy = true;
	signal(number, SIG_DFL);
	count = backtrace(frames, FAULTS_FRAMES);
	used = snprintf(line, sizeof line, "crash %d", number);
	for (i = 0; i < count && (size_t)used < sizeof line - 30; i++) {
		if (faults_is_program((uintptr_t)frames[i]))
			used += snprintf(line + used,
			    sizeof line - (size_t)used, " %lx",
			    (unsigned long)((uintptr_t)frames[i] -
			    faults.base));
	}
	snprintf(line + used, sizeof line - (size_t)used, "\n");
	faults_write(line);
	raise(number);
}

__attribute__((constructor)) static void
faults_init(void)
{
	const char *report = getenv("FAULTS_REPORT");
	const char *at = getenv("FAULTS_AT"), *pause = getenv("FAULTS_PAUSE_MS");
	void *frames[2];
	size_t size = 0;

	if (report == NULL)
		return;
	faults_main = pthread_self();
	faults.report = open(report, O_WRONLY | O_CREAT | O_APPEND |
	    O_CLOEXEC, 0600);
	faults.code = faults_map("FAULTS_CODE", PROT_READ, &size);
	faults.code_count = size / sizeof *faults.code;
	faults.seen = faults_map("FAULTS_SEEN", PROT_READ | PROT_WRITE, &size);
	faults.at = at == NULL ? 0 : (unsigned int)atoi(at);
	faults.pause_ms = pause == NULL ? 0 : atoi(pause);
	faults.only = getenv("FAULTS_ONLY");
	dl_iterate_phdr(faults_on_object, NULL);
	/* It loads what it needs the first time. */
	backtrace(frames, 2);
	signal(SIGSEGV, faults_on_crash);
	signal(SIGABRT, faults_on_crash);
	faults.ready = true;
}
