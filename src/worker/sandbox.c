/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>
#include <seccomp.h>

#include "base/log.h"
#include "base/xmalloc.h"

/* Sanitizers trace the process and write files where they please, as does the
 * count of lines of configure --enable-coverage. */
#if defined(__SANITIZE_ADDRESS__) || defined(COVERAGE)
#define SANDBOX_IS_LEFT_OFF true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_IS_LEFT_OFF true
#endif
#endif
#ifndef SANDBOX_IS_LEFT_OFF
#define SANDBOX_IS_LEFT_OFF false
#endif

/* Of later kernels than Debian 12 has headers of. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

enum {
	SANDBOX_READ = LANDLOCK_ACCESS_FS_READ_FILE |
	    LANDLOCK_ACCESS_FS_READ_DIR,
	/* Of the first version of Landlock; later kernels know more. */
	SANDBOX_WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE |
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
	    LANDLOCK_ACCESS_FS_MAKE_SYM,
	SANDBOX_STATE = SANDBOX_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
	SANDBOX_DEVICE = LANDLOCK_ACCESS_FS_READ_FILE |
	    LANDLOCK_ACCESS_FS_WRITE_FILE
};

/*
 * What libraries read while the worker runs: the resolver's files and the
 * modules that it and OpenSSL load, CAs, time zones.
 */
static const char *const sandbox_system_directories[] = {
	"/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve",
	"/run/resolvconf", "/run/NetworkManager", NULL
};
static const char *const sandbox_devices[] = {
	"/dev/null", "/dev/random", "/dev/urandom", NULL
};

/* What can never be right in a worker. */
static const char *const sandbox_forbidden_calls[] = {
	"execve", "execveat", "ptrace", "process_vm_readv",
	"process_vm_writev", "kcmp", "mount", "umount2", "pivot_root",
	"chroot", "move_mount", "open_tree", "fsopen", "fsmount",
	"mount_setattr", "unshare", "setns", "init_module", "finit_module",
	"delete_module", "kexec_load", "kexec_file_load", "bpf",
	"perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl",
	"open_by_handle_at", "reboot", "swapon", "swapoff", "acct",
	"io_uring_setup", NULL
};

struct sandbox {
	char **directories;	/* resolved */
	size_t count;
	bool has_files;		/* Landlock is in force */
};

void
sandbox_hide_memory(void)
{
	const struct rlimit none = { .rlim_cur = 0 };

	/* A sanitizer looks into its own process as another would. */
	if (SANDBOX_IS_LEFT_OFF)
		return;
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("cannot forbid core dumps");
}

struct sandbox *
sandbox_create(void)
{
	return xcalloc(1, sizeof(struct sandbox));
}

void
sandbox_free(struct sandbox *sandbox)
{
	size_t i;

	if (sandbox == NULL)
		return;
	for (i = 0; i < sandbox->count; i++)
		free(sandbox->directories[i]);
	free(sandbox->directories);
	free(sandbox);
}

/* --- directories --------------------------------------------------------- */

/* True if a resolved path is the directory, or lies below it. */
static bool
sandbox_is_below(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 &&
	    (path[size] == '/' || path[size] == '\0' ||
	    strcmp(directory, "/") == 0);
}

static bool
sandbox_covers(const struct sandbox *sandbox, const char *path)
{
	size_t i;

	for (i = 0; i < sandbox->count; i++) {
		if (sandbox_is_below(path, sandbox->directories[i]))
			return true;
	}
	return false;
}

static void
sandbox_add_directory(struct sandbox *sandbox, const char *path)
{
	char *resolved = realpath(path, NULL);

	if (resolved == NULL || sandbox_covers(sandbox, resolved)) {
		free(resolved);
		return;
	}
	sandbox->directories = xreallocarray(sandbox->directories,
	    sandbox->count + 1, sizeof *sandbox->directories);
	sandbox->directories[sandbox->count++] = resolved;
}

/* The directory part of a path, which the caller frees. */
static char *
sandbox_directory_of(const char *path)
{
	char *directory = xstrdup(path), *slash = strrchr(directory, '/');

	if (slash == NULL) {
		free(directory);
		return xstrdup(".");
	}
	slash[slash == directory ? 1 : 0] = '\0';
	return directory;
}

void
sandbox_add_file(struct sandbox *sandbox, const char *path)
{
	char *directory = sandbox_directory_of(path);
	char *target = realpath(path, NULL);

	sandbox_add_directory(sandbox, directory);
	free(directory);
	if (target != NULL) {
		directory = sandbox_directory_of(target);
		sandbox_add_directory(sandbox, directory);
		free(directory);
	}
	free(target);
}

bool
sandbox_allows(const struct sandbox *sandbox, const char *path)
{
	char *directory = sandbox_directory_of(path);
	char *target = realpath(path, NULL);
	bool allowed;

	if (target == NULL)
		target = realpath(directory, NULL);
	/* What is nowhere cannot be read outside either. */
	allowed = !sandbox->has_files || target == NULL ||
	    sandbox_covers(sandbox, target);
	free(target);
	free(directory);
	return allowed;
}

/* --- Landlock ------------------------------------------------------------ */

static void
sandbox_allow_path(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access,
		.parent_fd = open(path, O_PATH | O_CLOEXEC)
	};

	if (rule.parent_fd == -1)
		return;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0) == -1)
		log_warn("sandbox: %s cannot be allowed: %m", path);
	close(rule.parent_fd);
}

/* The version of the kernel's Landlock, 0 if it has none. */
static int
sandbox_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? 0 : (int)version;
}

static bool
sandbox_restrict_files(struct sandbox *sandbox, const char *state_directory)
{
	struct landlock_ruleset_attr attributes = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE |
		    SANDBOX_READ | SANDBOX_WRITE
	};
	uint64_t state_access = SANDBOX_STATE;
	int ruleset;
	size_t i;

	if (sandbox_landlock_version() >= 3) {
		attributes.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER |
		    LANDLOCK_ACCESS_FS_TRUNCATE;
		state_access |= LANDLOCK_ACCESS_FS_TRUNCATE;
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes,
	    sizeof attributes.handled_access_fs, 0);
	if (ruleset == -1)
		return false;
	for (i = 0; sandbox_system_directories[i] != NULL; i++)
		sandbox_add_directory(sandbox, sandbox_system_directories[i]);
	for (i = 0; i < sandbox->count; i++)
		sandbox_allow_path(ruleset, sandbox->directories[i],
		    SANDBOX_READ);
	for (i = 0; sandbox_devices[i] != NULL; i++)
		sandbox_allow_path(ruleset, sandbox_devices[i],
		    SANDBOX_DEVICE);
	sandbox_allow_path(ruleset, state_directory, state_access);
	sandbox->has_files =
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return sandbox->has_files;
}

/* --- system calls -------------------------------------------------------- */

static bool
sandbox_restrict_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool good = filter != NULL;
	size_t i;
	int call;

	for (i = 0; good && sandbox_forbidden_calls[i] != NULL; i++) {
		call = seccomp_syscall_resolve_name(
		    sandbox_forbidden_calls[i]);
		/* Some architectures lack some, and an old library names. */
		if (call != __NR_SCMP_ERROR)
			good = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
			    call, 0) == 0;
	}
	good = good && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return good;
}

void
sandbox_enter(struct sandbox *sandbox, const char *state_directory)
{
	bool files, calls;

	if (SANDBOX_IS_LEFT_OFF) {
		log_info("sandbox: off in a build with sanitizers");
		return;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_warn("sandbox: off: %m");
		return;
	}
	files = sandbox_restrict_files(sandbox, state_directory);
	calls = sandbox_restrict_calls();
	if (!files)
		log_warn("sandbox: files are not restricted: "
		    "this kernel has no Landlock");
	if (!calls)
		log_warn("sandbox: system calls are not restricted: "
		    "this kernel has no seccomp filters");
	log_info("sandbox: no new privileges%s%s", files ? ", files" : "",
	    calls ? ", system calls" : "");
}
