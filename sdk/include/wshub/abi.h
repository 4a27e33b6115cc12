/* The wall between the hub and its plugins: plain C99. No C++ type, no allocation and no exception crosses it.
 *
 * Growth: every struct that crosses starts with its own size; fields are only ever appended, never inserted, reordered
 * or given another meaning. Who reads a struct reads no further than its size says. Another meaning needs a new major
 * version and with it a new entry symbol.
 *
 * Lifetimes: a wshub_str or wshub_bytes that a callback is given holds until that callback returns. One that a host
 * function is given is copied before that function returns. Texts are UTF-8 and not NUL-terminated.
 *
 * Handles (sessions, acks, timers, requests) belong to the host. A stale one is harmless: WSHUB_ENOENT.
 *
 * Threads: host functions may be called from any thread, from create() until stop() has returned, but for those that
 * say otherwise. Handlers of one session never run at the same time and keep their order; those of different sessions
 * may. The host never keeps a pointer of the plugin: it keeps (plugin, slot) pairs.
 */
#ifndef WSHUB_ABI_H
#define WSHUB_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WSHUB_ABI_MAJOR 1
#define WSHUB_ABI_MINOR 0
#define WSHUB_SDK_VERSION "1.0.0"

/* The oldest server ABI that the plugin runs on. A plugin that asks for the presence of newer functions before it calls
 * them may define a lower one. */
#ifndef WSHUB_ABI_MIN_MINOR
#define WSHUB_ABI_MIN_MINOR WSHUB_ABI_MINOR
#endif

/* ---- basic types ---- */

typedef struct wshub_str {
    const char* p;
    size_t n;
} wshub_str;

typedef struct wshub_bytes {
    const void* p;
    size_t n;
} wshub_bytes;

/* Takes a text from the host: put() is called zero or more times before the host function returns. */
typedef struct wshub_sink {
    void (*put)(void* user, const char* p, size_t n);
    void* user;
} wshub_sink;

/* Where a plugin writes why it failed: at most `cap` bytes, NUL included. */
typedef struct wshub_err {
    int32_t code;
    uint32_t cap;
    char* msg;
} wshub_err;

typedef struct wshub_host wshub_host; /* one for each instance of a plugin */
typedef uint64_t wshub_session;       /* a client in a namespace; 0: none */
typedef uint64_t wshub_ack;           /* an acknowledgement that a client waits for; 0: it asked for none */
typedef uint64_t wshub_timer;
typedef uint64_t wshub_request;         /* an HTTP request that waits for its answer */
typedef uint64_t wshub_channel_session; /* a client of a channel; 0: none */
typedef uint32_t wshub_slot;            /* chosen by the plugin, given back with every call */

/* What functions return. Negative: nothing was done. */
enum {
    WSHUB_OK = 0,
    WSHUB_STOP = 1,       /* from an event handler: no later handler gets this event */
    WSHUB_UNCHANGED = 2,  /* it was so already (in the room, not in the room) */
    WSHUB_NONE = 3,       /* the client sent no such thing */
    WSHUB_EINVAL = -1,    /* an argument is wrong */
    WSHUB_ENOENT = -2,    /* no such session, ack, timer, request, user, variable */
    WSHUB_EEXIST = -3,    /* taken, answered already, registered already */
    WSHUB_ESTATE = -4,    /* not now: see the function */
    WSHUB_ELIMIT = -5,    /* too many or too large */
    WSHUB_ETYPE = -6,     /* of another type than asked for */
    WSHUB_EINTERNAL = -7, /* the host (or, from a plugin, its handler) failed */
    WSHUB_ENOSYS = -8     /* this server does not have it */
};

enum { WSHUB_TRACE = 0, WSHUB_DEBUG, WSHUB_INFO, WSHUB_WARN, WSHUB_ERROR, WSHUB_CRITICAL };

/* Rooms that clients can name and private ones, which no client reaches, are different spaces. */
enum {
    WSHUB_ROOM_PRIVATE = 1, /* a private room of this plugin: the same name in another plugin is another room */
    WSHUB_ROOM_SHARED = 2   /* together with PRIVATE: a private room that all plugins share */
};

/* ---- handlers: what a slot can be registered for ---- */

/* Handlers are bound to the namespaces of the plugin ([plugin.NAME] namespaces, "/" if not set). A handler returns
 * WSHUB_OK, or a negative code with the reason in wshub_err: then the event counts as failed, its sender gets the error
 * INTERNAL, no later handler gets the event, and the reason goes to the log alone. */
enum {
    WSHUB_ON_EVENT = 1,  /* name: "chat:message", "chat:*" or "*"      data: wshub_event; may return WSHUB_STOP.
                          * "*" makes no event known: one that has no other handler is UNKNOWN_EVENT to its sender,
                          * unless a handler stopped, answered, kept or refused it. */
    WSHUB_ON_CONNECT,    /* name: ""; before the session is in, for every plugin in turn: may refuse() it. No side
                          * effects here: a later plugin may still refuse.   data: wshub_connect */
    WSHUB_ON_CONNECTED,  /* name: ""; the session is in, its CONNECT answer queued: announce it here.
                          *                                            data: wshub_connected */
    WSHUB_ON_DISCONNECT, /* name: ""; after the leave handlers         data: wshub_closed */
    WSHUB_ON_JOIN,       /* name: room, prefix with '*', or "*"; rooms of clients only   data: wshub_member */
    WSHUB_ON_LEAVE,      /* the same */
    WSHUB_ON_HTTP,       /* name: "GET /metrics" or "GET /files/" + "*" data: wshub_http */
    WSHUB_ON_TIMER,      /* made by timer_add()                        data: wshub_tick */
    WSHUB_ON_POST,       /* made by post()                             data: wshub_tick */
    WSHUB_ON_REPLY,      /* a client's ack to emit() with reply_slot   data: wshub_reply */
    WSHUB_ON_CHANNEL,    /* made by channel()                          data: wshub_channel_event */
    WSHUB_ON_ANSWER      /* made by control()                          data: wshub_answer */
};

/* or'ed to WSHUB_ON_EVENT: the handler may take its time. It runs on a worker ([plugins] workers), not on the loop of
 * its session, and until it has returned, nothing else of that session is handled, by any plugin: events and replies
 * wait in their order, hooks too. Posts and timers run all the same. */
enum { WSHUB_BLOCKING = 0x100 };

typedef struct wshub_event {
    uint32_t size, flags;
    wshub_session session;
    wshub_ack ack;
    wshub_str nsp, name;
    wshub_str args;          /* valid JSON array without the event's name: [arg0,arg1,...] */
    const wshub_bytes* bins; /* attachments; args hold {"_placeholder":true,"num":i} in their places */
    size_t n_bins;
} wshub_event;

typedef struct wshub_connect {
    uint32_t size, flags;
    wshub_session session;
    wshub_str nsp;
    wshub_str auth; /* JSON object, or empty */
} wshub_connect;

typedef struct wshub_connected {
    uint32_t size, flags;
    wshub_session session;
    wshub_str nsp;
} wshub_connected;

typedef struct wshub_closed {
    uint32_t size, flags;
    wshub_session session; /* its fields can still be read; nothing reaches the client any more */
    wshub_str nsp, reason; /* "transport close", "ping timeout", "client namespace disconnect", ... */
} wshub_closed;

typedef struct wshub_member {
    uint32_t size, flags;
    wshub_session session; /* already in, or out of, the room */
    wshub_str nsp, room;
} wshub_member;

typedef struct wshub_tick {
    uint32_t size, missed; /* periods that passed without a call since the last one */
    wshub_timer timer;     /* 0: a post */
    uint64_t cookie;
} wshub_tick;

enum { WSHUB_REPLY_ANSWERED = 0, WSHUB_REPLY_TIMEOUT = 1, WSHUB_REPLY_DISCONNECTED = 2 };
typedef struct wshub_reply {
    uint32_t size;
    int32_t status;
    wshub_session session;
    uint64_t cookie;
    wshub_str args; /* JSON array; empty unless answered */
    const wshub_bytes* bins;
    size_t n_bins;
} wshub_reply;

typedef struct wshub_answer {
    uint32_t size;
    int32_t status; /* WSHUB_OK, or negative: the operation was refused or failed */
    uint64_t cookie;
    wshub_str result;        /* JSON object; empty unless WSHUB_OK */
    wshub_str code, message; /* INVALID_FORMAT, NOT_FOUND, FORBIDDEN or INTERNAL, and why; empty if WSHUB_OK */
} wshub_answer;

typedef struct wshub_http {
    uint32_t size, flags;
    wshub_request request;
    wshub_str method, path; /* path without the query, as sent (not decoded) */
    wshub_str query;        /* behind the '?', as sent */
    wshub_str headers;      /* "Name: value\r\n" for each */
    wshub_str body, remote; /* remote: the client's address without port */
} wshub_http;

/* ---- channels: paths of the plugin's own ---- */

enum {
    WSHUB_CHANNEL_ENGINE_IO = 1, /* messages of Engine.IO, without Socket.IO: polling, WebSocket, upgrades */
    WSHUB_CHANNEL_WEBSOCKET      /* messages of WebSocket as they are */
};
/* The handlers of one client of a channel never overlap and keep their order. Where one fails, the client is closed,
 * since it cannot know otherwise that what it sent came to nothing. */
enum {
    WSHUB_CHANNEL_OPEN = 1, /* the client is in: it can be sent to */
    WSHUB_CHANNEL_MESSAGE,  /* data; text, which is UTF-8, or binary */
    WSHUB_CHANNEL_CLOSE /* reason: as with wshub_closed. Its fields can still be read. Not called of a plugin that has
                         * stopped, whose clients are closed */
};
typedef struct wshub_channel_event {
    uint32_t size, op;
    wshub_channel_session session;
    wshub_str path; /* of the channel */
    wshub_bytes data;
    uint32_t binary, reserved;
    wshub_str reason;
} wshub_channel_event;

/* ---- emit ---- */

enum {
    WSHUB_EMIT_VOLATILE = 1, /* may be lost if the client cannot take it at once */
    WSHUB_EMIT_ALL = 2,      /* every session of the namespace */
    WSHUB_EMIT_LOCAL = 4     /* sessions of this server only */
};

/* Whoever is addressed by `sessions`, `rooms` or ALL gets the event once, but for the excepted. */
typedef struct wshub_emit {
    uint32_t size, flags;
    /* Where rooms and ALL are looked up. Empty: the namespace of what is being handled on this thread; outside of
     * handlers, each namespace that the plugin serves. A timer or post with a session, and a reply, count as handled in
     * the namespace of that session. Sessions get the event in their own. */
    wshub_str nsp;
    wshub_str event;
    wshub_str args; /* JSON array of the arguments; empty: none */
    /* Those that args mention ({"_placeholder":true,"num":i}) are sent, renumbered; the rest is left out. So all
     * attachments of an event can be passed along with any part of its arguments. */
    const wshub_bytes* bins;
    size_t n_bins;
    const wshub_session* sessions;
    size_t n_sessions;
    const wshub_str* rooms;
    const uint32_t* room_flags; /* WSHUB_ROOM_*, one for each room; NULL: all are rooms of clients */
    size_t n_rooms;
    const wshub_session* except_sessions;
    size_t n_except_sessions;
    const wshub_str* except_rooms;
    const uint32_t* except_room_flags;
    size_t n_except_rooms;
    /* Asks for an acknowledgement; `sessions` only, none of them excepted. The slot is called once for each, on the
     * session's loop: answered, timed out, or gone. What is owed when the plugin is stopped counts as timed out: the
     * slot is called before stop(), by whoever calls that. 0: no ack wanted. */
    wshub_slot reply_slot;
    uint32_t reply_timeout_ms; /* 0: 10 s */
    uint64_t reply_cookie;
} wshub_emit;

/* ---- settings, metrics, fields, visitors ---- */

/* How a value looks in the INI file, and the form in which config() hands it back. */
enum {
    WSHUB_CFG_STRING = 1, /* as it stands */
    WSHUB_CFG_INT,        /* "-12" */
    WSHUB_CFG_DOUBLE,     /* "0.5" */
    WSHUB_CFG_BOOL,       /* yes, on, 1, ...   -> "true" or "false" */
    WSHUB_CFG_DURATION,   /* 500ms, 25s, 5m    -> milliseconds: "25000" */
    WSHUB_CFG_SIZE,       /* 512, 256KB, 1MiB  -> bytes: "256000" */
    WSHUB_CFG_LIST,       /* a, b              -> one item a line: "a\nb" */
    WSHUB_CFG_SECRET,     /* a string that is never shown */
    WSHUB_CFG_PATH /* keys/a.pem         -> absolute: relative ones are meant from the INI file's folder; or empty */
};

typedef struct wshub_setting {
    uint32_t size, type;
    wshub_str key;      /* lower case letters, digits and '_'; `namespaces` and `roles` are the host's */
    wshub_str dflt;     /* as it would stand in the INI file */
    wshub_str min, max; /* numbers, durations and sizes, in the same form; empty: no bound */
    wshub_str help;     /* one sentence for the operator */
} wshub_setting;

enum { WSHUB_COUNTER = 1, WSHUB_GAUGE };

enum {
    WSHUB_F_SID = 1,    /* the public socket id */
    WSHUB_F_NSP,        /* the namespace */
    WSHUB_F_REMOTE,     /* address without port */
    WSHUB_F_USER_AGENT, /* WSHUB_NONE if the client sent none */
    WSHUB_F_AUTH,       /* JSON object of the CONNECT packet; WSHUB_NONE if the client sent none */
    WSHUB_F_USERNAME,   /* settable; as it was given; empty: none */
    WSHUB_F_PROFILE,    /* settable; JSON object */
    WSHUB_F_TRANSPORT,  /* "polling" or "websocket", at this moment */
    WSHUB_F_HEADERS,    /* of the request that opened the connection: "Name: value\r\n" for each */
    WSHUB_F_QUERY,      /* of that request, behind the '?', as sent */
    WSHUB_F_FOLLOWING,  /* settable; JSON array of the usernames whose news it wants: see WSHUB_VISIT_FOLLOWERS */
    WSHUB_F_ROLES,      /* settable; JSON array of texts, such as ["admin"]: see has_role() */
    WSHUB_F_PATH        /* of channel_str(): the path of that request, as sent, without the query */
};
enum {
    WSHUB_N_CONNECTED_AT_MS = 1, /* milliseconds since 1970 */
    WSHUB_N_EVENTS_IN,
    WSHUB_N_EVENTS_OUT,
    WSHUB_N_ROOMS, /* rooms of clients it is in */
    WSHUB_N_SECURE /* 1: by TLS */
};
enum { WSHUB_COUNT_SESSIONS = 1, WSHUB_COUNT_CONNECTIONS /* since the start of the server */ };

enum {
    WSHUB_VISIT_SESSIONS = 1,  /* session */
    WSHUB_VISIT_ROOMS,         /* name, number of members; rooms of clients that are not empty */
    WSHUB_VISIT_ROOM_MEMBERS,  /* session; of the room `key` with `flags` */
    WSHUB_VISIT_SESSION_ROOMS, /* name; of `session`, in the order joined */
    WSHUB_VISIT_USERS,         /* session, username; sessions that have one */
    WSHUB_VISIT_PLUGINS,       /* name, 1 if it runs */
    WSHUB_VISIT_NAMESPACES,    /* name; those that this plugin serves */
    WSHUB_VISIT_FOLLOWERS      /* session; those whose following names `key` */
};

typedef struct wshub_query {
    uint32_t size, what;
    wshub_str nsp; /* empty: as with wshub_emit */
    wshub_str key;
    uint32_t flags; /* WSHUB_ROOM_* */
    wshub_session session;
} wshub_query;

/* Return 0 to go on. Called on a copy of the state, while no lock is held, before visit() returns. */
typedef struct wshub_visitor {
    int32_t (*visit)(void* user, wshub_session session, wshub_str name, uint64_t number);
    void* user;
} wshub_visitor;

/* What the server tells of itself. */
enum {
    WSHUB_S_VERSION = 1,     /* "0.1.0" */
    WSHUB_S_URL,             /* "http://127.0.0.1:3000": where it listens */
    WSHUB_S_STATE_DIRECTORY, /* [server] state_directory; there may be none yet: who keeps something there makes it */
    WSHUB_S_PATH             /* "/socket.io/": where Socket.IO is served */
};

/* ---- what the host offers ---- */

typedef struct wshub_host_v1 {
    uint32_t size;
    uint16_t abi_major, abi_minor;

    /* Inside create() only; WSHUB_ESTATE later. Handlers with a higher priority run first; among equals, in the order
     * of the plugins and of registration. */
    int32_t (*on)(wshub_host*, uint32_t kind, wshub_str name, wshub_slot, int32_t priority);
    /* Declares a setting and gives its value. A value that does not fit is reported by the host, which then refuses the
     * plugin when create() has returned; the plugin is given the default meanwhile. */
    int32_t (*config)(wshub_host*, const wshub_setting*, const wshub_sink* value);
    /* Adds a figure to /metrics, with the label plugin="NAME" and `labels` (Prometheus text without braces). Names that
     * start with wshub_ are the host's. */
    int32_t (*metric)(wshub_host*, uint32_t kind, wshub_str name, wshub_str help, wshub_str labels, uint64_t* id);

    void (*metric_add)(wshub_host*, uint64_t id, double by); /* counters count whole numbers */
    void (*metric_set)(wshub_host*, uint64_t id, double to); /* gauges */
    int32_t (*log_enabled)(wshub_host*, int32_t level);      /* 0: a message of that level would be dropped */
    void (*log)(wshub_host*, int32_t level, wshub_str message);
    uint64_t (*now_ms)(wshub_host*); /* milliseconds since 1970 */

    /* Calls the slot on the loop of `serial_with`, so that it meets no handler of that session but a blocking one;
     * without one (0), on the plugin's home loop, one after the other. From start() on (WSHUB_ESTATE before). Periodic
     * timers never overlap themselves. A timer that was cancelled, or whose plugin was stopped, does not run any more.
     */
    int32_t (*timer_add)(wshub_host*, wshub_session serial_with, uint64_t first_ms, uint64_t period_ms, wshub_slot,
                         uint64_t cookie, wshub_timer* timer);
    int32_t (*timer_cancel)(wshub_host*, wshub_timer);
    int32_t (*post)(wshub_host*, wshub_session serial_with, wshub_slot, uint64_t cookie);

    /* In a WSHUB_ON_CONNECT handler only. The client gets CONNECT_ERROR with the message and, if not empty, the data
     * (JSON). */
    int32_t (*refuse)(wshub_host*, wshub_str message, wshub_str data);
    /* In a WSHUB_ON_CONNECT handler only: the verdict comes later, by decide(). The plugins behind this one are asked
     * when it has accepted. The client waits meanwhile; if no verdict has come within [engine] connect_timeout, it is
     * refused. WSHUB_EEXIST: held already; WSHUB_ESTATE: refused already, or no such handler; WSHUB_EINVAL: another
     * session than the one asked about. Void if the handler then fails or refuses. */
    int32_t (*hold)(wshub_host*, wshub_session);
    /* The verdict on a session that this plugin holds: `accept`, or a refusal as by refuse(). WSHUB_ENOENT: it is gone,
     * or not held by this plugin, or decided. What a plugin holds when it stops is refused; or closed, so that the
     * client comes again, when a new version takes over. */
    int32_t (*decide)(wshub_host*, wshub_session, uint32_t accept, wshub_str message, wshub_str data);
    /* Answers an event; `args`: JSON array. The first answer counts: WSHUB_EEXIST afterwards. */
    int32_t (*ack)(wshub_host*, wshub_ack, wshub_str args, const wshub_bytes* bins, size_t n_bins);
    /* The answer will come after the handlers have returned. In a handler only. An event that nobody answered and
     * nobody kept is acknowledged with {"status":"ok"}. */
    int32_t (*keep_ack)(wshub_host*, wshub_ack);
    /* Refuses a request: system:error {code,message} to the session, and to its ack (may be 0) `ack_args` (JSON array)
     * or, if empty, [{"status":"error","code":...,"message":...}]. */
    int32_t (*fail)(wshub_host*, wshub_session, wshub_ack, wshub_str code, wshub_str message, wshub_str ack_args);
    /* `headers`: "Name: value\r\n" for each. A request that is not answered within 30 s is answered by the host. */
    int32_t (*http_reply)(wshub_host*, wshub_request, int32_t status, wshub_str headers, wshub_str body);
    int32_t (*emit)(wshub_host*, const wshub_emit*);

    /* WSHUB_UNCHANGED if it was in (not in) already; exact on the session's loop, as it looks now elsewhere.
     * WSHUB_ELIMIT: it is in as many rooms of clients as [limits] max_rooms_per_session lets it. */
    int32_t (*join)(wshub_host*, wshub_session, wshub_str room, uint32_t flags);
    int32_t (*leave)(wshub_host*, wshub_session, wshub_str room, uint32_t flags);
    /* WSHUB_OK: it is in the room; WSHUB_NONE: it is not. */
    int32_t (*in_room)(wshub_host*, wshub_session, wshub_str room, uint32_t flags);
    /* Ends the session ("io server disconnect" at the client, which does not come back by itself), or, with
     * `transport`, its whole connection. */
    int32_t (*disconnect)(wshub_host*, wshub_session, uint32_t transport);
    int32_t (*session_str)(wshub_host*, wshub_session, uint32_t field, const wshub_sink*);
    int32_t (*session_num)(wshub_host*, wshub_session, uint32_t field, int64_t*);
    /* WSHUB_F_USERNAME: unique within a namespace, compared by code points after NFC; WSHUB_EEXIST if taken, empty
     * releases it. One that is set before the session is in (by who decides on its CONNECT) stays: WSHUB_ESTATE for
     * another. WSHUB_EINVAL if it has not 1 to 64 code points, has control characters, or only blanks.
     * WSHUB_F_PROFILE, WSHUB_F_FOLLOWING, WSHUB_F_ROLES: WSHUB_EINVAL if they are not of their form. */
    int32_t (*session_set)(wshub_host*, wshub_session, uint32_t field, wshub_str value);
    int32_t (*find_session)(wshub_host*, wshub_str sid, wshub_session*);
    /* A username is unique within a namespace; nsp as with wshub_emit. */
    int32_t (*find_user)(wshub_host*, wshub_str nsp, wshub_str username, wshub_session*);
    int32_t (*visit)(wshub_host*, const wshub_query*, const wshub_visitor*);
    int32_t (*count)(wshub_host*, uint32_t what, wshub_str nsp, uint64_t*); /* nsp as with wshub_emit */
    /* JSON texts that the host keeps: with a session until it ends, shared by all plugins (name them "plugin.key" to be
     * alone); with 0, this plugin's own until the server ends. Empty JSON erases. */
    int32_t (*var_get)(wshub_host*, wshub_session, wshub_str key, const wshub_sink*);
    int32_t (*var_set)(wshub_host*, wshub_session, wshub_str key, wshub_str json);
    /* WSHUB_OK: one of its WSHUB_F_ROLES; WSHUB_NONE: not. */
    int32_t (*has_role)(wshub_host*, wshub_session, wshub_str role);
    /* WSHUB_ESTATE: not known yet, as the url before start(). */
    int32_t (*server_str)(wshub_host*, uint32_t what, const wshub_sink*);
    /* Inside create() only. Serves what begins with the path ("/devices/"), in one of WSHUB_CHANNEL_ENGINE_IO and
     * _WEBSOCKET; the slot is called with WSHUB_ON_CHANNEL. A path that overlaps with another channel, with a route
     * or with that of Socket.IO makes the host refuse the plugin when create() has returned. */
    int32_t (*channel)(wshub_host*, wshub_str path, uint32_t form, wshub_slot);
    /* Queues a message: text (UTF-8, or WSHUB_EINVAL) or binary. A client that lets too much wait is closed. */
    int32_t (*channel_send)(wshub_host*, wshub_channel_session, wshub_bytes data, uint32_t binary);
    /* Closes it when what is queued is out. The code (RFC 6455; 0: 1000) and reason are for WebSocket clients; those
     * of Engine.IO are not told any. */
    int32_t (*channel_close)(wshub_host*, wshub_channel_session, uint32_t code, wshub_str reason);
    /* WSHUB_F_SID, _REMOTE, _USER_AGENT, _TRANSPORT, _HEADERS, _QUERY, _PATH. */
    int32_t (*channel_str)(wshub_host*, wshub_channel_session, uint32_t field, const wshub_sink*);

    /* What an operator can do, by the same names as `wshub ctl`: "sessions", "kick", "reload", ... `arguments`: JSON
     * object; empty: none. Returns at once; the slot is called with WSHUB_ON_ANSWER on the plugin's home loop, unless
     * the plugin has stopped by then. WSHUB_ENOSYS: this server has no such operations; WSHUB_ELIMIT: arguments of more
     * than 1 MB. An operation that there is not is answered, as whatever is wrong with the arguments. */
    int32_t (*control)(wshub_host*, wshub_str operation, wshub_str arguments, wshub_slot, uint64_t cookie);
} wshub_host_v1;

/* ---- what the plugin offers ---- */

typedef struct wshub_plugin_v1 {
    uint32_t size, reserved;
    /* Reads settings, registers handlers; no threads, timers or emits yet. NULL: refused, the reason in wshub_err. May
     * run only to learn the settings: then destroy() follows at once. */
    void* (*create)(wshub_host*, const wshub_host_v1*, wshub_err*);
    /* After stop(). Calls no host function. */
    void (*destroy)(void* self);
    /* Timers, threads, first emits. May be NULL. */
    int32_t (*start)(void* self, wshub_err*);
    /* Ends and joins the plugin's threads; also after a start() that failed. No handler runs meanwhile or afterwards.
     * May be NULL. */
    void (*stop)(void* self);
    int32_t (*call)(void* self, uint32_t kind, wshub_slot, const void* data, wshub_err*);

    /* A new version takes over from a running one so: create(new), stop(old), save(old), restore(new), start(new),
     * destroy(old); from stop(old) to the end of start(new) events wait. When any of it fails, new is destroyed and the
     * old one serves on, after another start() if it had been stopped already. */

    /* After stop(): what the next version is to know, in any form. Negative: the reload fails. May be NULL. */
    int32_t (*save)(void* self, const wshub_sink*, wshub_err*);
    /* Before start(): what the version before saved, and its state_version, which may be a newer one. Not called when
     * nothing was saved. Negative: the reload fails. May be NULL: what was saved is dropped. */
    int32_t (*restore)(void* self, uint32_t version, wshub_str text, wshub_err*);
    /* Of the form in which save() writes. */
    uint32_t state_version, reserved_more;
} wshub_plugin_v1;

/* The one symbol that a plugin exports. */
const wshub_plugin_v1* wshub_plugin_entry_v1(void);

/* ---- the descriptor: an ELF note that the host reads from the file before any code of the plugin runs ---- */

enum {
    WSHUB_PF_SERIAL = 1, /* never call this plugin from two threads at a time */
    WSHUB_PF_DEBUG = 256,
    WSHUB_PF_ASAN = 512,
    WSHUB_PF_TSAN = 1024
};

typedef struct wshub_desc {
    uint32_t size;
    uint16_t abi_major, abi_minor; /* built against */
    uint16_t abi_min_minor;        /* oldest server ABI it runs on */
    uint16_t reserved;
    uint32_t flags;
    char name[48];      /* lower case letters, digits, '_' and '-' */
    char version[24];   /* "1.0.0" */
    char sdk[16];       /* WSHUB_SDK_VERSION */
    char build[112];    /* compiler and standard library: for the log, never a reason to refuse */
    char requires_[96]; /* "rooms>=1.0,users": plugins that are started before this one */
} wshub_desc;

#define WSHUB_NOTE_NAME "wshub"
#define WSHUB_NOTE_TYPE 1
typedef struct wshub_note {
    uint32_t namesz, descsz, type;
    char name[8];
    wshub_desc desc;
} wshub_note;

/* ---- what the compiler tells of itself ---- */

#define WSHUB_STRINGIFY_(x) #x
#define WSHUB_STRINGIFY(x) WSHUB_STRINGIFY_(x)

#if defined(__clang__)
#define WSHUB_COMPILER "clang " WSHUB_STRINGIFY(__clang_major__) "." WSHUB_STRINGIFY(__clang_minor__)
#elif defined(__GNUC__)
#define WSHUB_COMPILER "gcc " WSHUB_STRINGIFY(__GNUC__) "." WSHUB_STRINGIFY(__GNUC_MINOR__)
#else
#define WSHUB_COMPILER "unknown compiler"
#endif

#if defined(_LIBCPP_VERSION)
#define WSHUB_LIBRARY ", libc++ " WSHUB_STRINGIFY(_LIBCPP_VERSION)
#elif defined(__GLIBCXX__)
#define WSHUB_LIBRARY ", libstdc++ " WSHUB_STRINGIFY(__GLIBCXX__)
#else
#define WSHUB_LIBRARY ""
#endif

#ifdef NDEBUG
#define WSHUB_BUILD_FLAG 0
#define WSHUB_BUILD_TYPE ""
#else
#define WSHUB_BUILD_FLAG WSHUB_PF_DEBUG
#define WSHUB_BUILD_TYPE ", debug"
#endif

#if defined(__SANITIZE_ADDRESS__)
#define WSHUB_SANITIZER_FLAG WSHUB_PF_ASAN
#elif defined(__SANITIZE_THREAD__)
#define WSHUB_SANITIZER_FLAG WSHUB_PF_TSAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WSHUB_SANITIZER_FLAG WSHUB_PF_ASAN
#elif __has_feature(thread_sanitizer)
#define WSHUB_SANITIZER_FLAG WSHUB_PF_TSAN
#endif
#endif
#ifndef WSHUB_SANITIZER_FLAG
#define WSHUB_SANITIZER_FLAG 0
#endif

#define WSHUB_BUILD WSHUB_COMPILER WSHUB_LIBRARY WSHUB_BUILD_TYPE

#define WSHUB_EXPORT __attribute__((visibility("default")))

/* Once in a plugin written in C; C++ has WSHUB_PLUGIN (plugin.h), which does this too. */
#define WSHUB_DESCRIBE(name_, version_, flags_, requires__)                                                   \
    __attribute__((section(".note.wshub"), used, aligned(4))) static const wshub_note wshub_plugin_note = {   \
        sizeof(WSHUB_NOTE_NAME),                                                                              \
        sizeof(wshub_desc),                                                                                   \
        WSHUB_NOTE_TYPE,                                                                                      \
        WSHUB_NOTE_NAME,                                                                                      \
        {sizeof(wshub_desc), WSHUB_ABI_MAJOR, WSHUB_ABI_MINOR, WSHUB_ABI_MIN_MINOR, 0,                        \
         (flags_) | WSHUB_BUILD_FLAG | WSHUB_SANITIZER_FLAG, name_, version_, WSHUB_SDK_VERSION, WSHUB_BUILD, \
         requires__}}

#ifdef __cplusplus
}
#endif

#endif
