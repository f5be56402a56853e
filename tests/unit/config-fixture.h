/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

/*
 * A configuration with credentials, for tests that stand on a whole one.
 *
 * The apps: "ios" and "ios-twin" are APNs with one key, "ios-other" is APNs
 * with another one, "android" is FCM, which asks for its token, and "lost" is
 * APNs with a key that is not there.  The one client, "caller", is whoever has
 * a verified certificate, and may address all of them.
 */
#define CONFIG_FIXTURE_TOKEN_URL "https://oauth.test/token"

/*
 * Writes it, with further members that are each ended by a comma, or "", and
 * returns its path.  The state directory is another one each time.
 */
const char *config_fixture_write(const char *settings);

/* The same with other members, for a reload: all else stays. */
const char *config_fixture_rewrite(const char *settings);

/* Writes the key of "lost", or removes it again. */
void config_fixture_find_lost_key(void);
void config_fixture_lose_key(void);

/* A certificate in PEM. */
extern const char config_fixture_certificate[];

#endif
