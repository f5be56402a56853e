/* SPDX-License-Identifier: Apache-2.0 */
#include "control-watch.h"

#include <sys/stat.h>

#include <err.h>
#include <string.h>

#include "connection.h"
#include "listener.h"

/* What tells one state of a file from another. */
struct state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	struct timespec changed;
};

static void
get_state(struct state *state, const char *file)
{
	struct stat status;

	memset(state, 0, sizeof *state);
	if (stat(file, &status) == 0) {
		state->device = status.st_dev;
		state->inode = status.st_ino;
		state->size = status.st_size;
		state->modified = status.st_mtim;
		state->changed = status.st_ctim;
	}
}

static bool
is_same_state(const struct state *one, const struct state *other)
{
	return one->device == other->device && one->inode == other->inode &&
	    one->size == other->size &&
	    one->modified.tv_sec == other->modified.tv_sec &&
	    one->modified.tv_nsec == other->modified.tv_nsec &&
	    one->changed.tv_sec == other->changed.tv_sec &&
	    one->changed.tv_nsec == other->changed.tv_nsec;
}

/* What the services are told, which see no endpoint. */
static void
fill_context(struct service_context *context, const struct world *world)
{
	const struct control *apns = &world->endpoints[SERVICE_APNS].control;
	const struct control *oauth = &world->endpoints[SERVICE_OAUTH].control;

	context->expires_in_s = oauth->expires_in_s;
	context->hms_expires_in_s =
	    world->endpoints[SERVICE_HMS_OAUTH].control.expires_in_s;
	context->token_floor_s = apns->token_floor_s;
	context->token_floor_per_key = apns->token_floor_per_key;
	context->limit_falls = apns->limit_falls;
}

static void
apply(struct world *world, struct control controls[SERVICE__MAX])
{
	for (unsigned i = 0; i < SERVICE__MAX; i++) {
		struct endpoint *endpoint = &world->endpoints[i];

		control_clear(&endpoint->control);
		endpoint->control = controls[i];
	}
	fill_context(&world->context, world);
	for (unsigned i = 0; i < SERVICE__MAX; i++) {
		struct endpoint *endpoint = &world->endpoints[i];

		if (endpoint->port != 0)
			listener_apply_control(endpoint);
		connection_apply_control(endpoint);
	}
}

void
control_watch_refresh(struct world *world)
{
	static struct state known;
	struct control controls[SERVICE__MAX];
	struct state state;
	char fault[256];

	if (world->control_file != NULL) {
		get_state(&state, world->control_file);
		if (!is_same_state(&state, &known)) {
			known = state;
			for (unsigned i = 0; i < SERVICE__MAX; i++)
				control_init(&controls[i]);
			if (control_read(controls, world->control_file, fault,
			    sizeof fault))
				apply(world, controls);
			else
				warnx("%s: %s; the former stays in force",
				    world->control_file, fault);
		}
	}
}
