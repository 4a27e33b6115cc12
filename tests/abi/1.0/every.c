/* A plugin of ABI 1.0 in plain C, built from the headers beside it and from nothing else. It uses every function of the
 * host's table and has every callback; what each of them did stands in the answers to its events and in the log, for
 * tests/e2e/abi.test.mjs. Frozen like the headers: later versions of the ABI get folders of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wshub/abi.h>

enum {
    ON_ANY = 1, /* every:* */
    ON_SLOW,
    ON_CONNECT,
    ON_CONNECTED,
    ON_DISCONNECT,
    ON_JOIN,
    ON_LEAVE,
    ON_HTTP,
    ON_TIMER,
    ON_VERDICT,
    ON_POST,
    ON_REPLY,
    ON_CHANNEL,
    ON_ANSWER
};
enum { STATE_VERSION = 7, COOKIE = 4711, MOST_NAMES = 64, MOST_TEXT = 16384 };

struct text {
    size_t n;
    char p[MOST_TEXT];
};
struct every {
    wshub_host* host;
    const wshub_host_v1* table;
    uint64_t counter, gauge;
    const char* used[MOST_NAMES]; /* functions and callbacks, each once */
    size_t n_used;
    struct text report; /* of what runs now: JSON texts, separated by commas */
    struct text config; /* what create() was given */
    char saved[64];     /* what restore() was given */
    wshub_ack ack;      /* to be answered when the chain of callbacks has ended */
    wshub_session session, held;
    wshub_timer cancelled;
    unsigned long long visits;
};

static wshub_str str(const char* p) {
    wshub_str s;
    s.p = p;
    s.n = strlen(p);
    return s;
}

static int is(wshub_str s, const char* p) {
    return s.n == strlen(p) && memcmp(s.p, p, s.n) == 0;
}

static int holds(wshub_str s, const char* p) {
    const size_t n = strlen(p);
    size_t at;
    for (at = 0; at + n <= s.n; ++at) {
        if (memcmp(s.p + at, p, n) == 0) return 1;
    }
    return 0;
}

static void put(void* user, const char* p, size_t n) {
    struct text* to = user;
    if (n > sizeof to->p - 1 - to->n) n = sizeof to->p - 1 - to->n;
    memcpy(to->p + to->n, p, n);
    to->n += n;
    to->p[to->n] = '\0';
}

static void clear(struct text* text) {
    text->n = 0;
    text->p[0] = '\0';
}

static void note(struct every* self, const char* name) {
    size_t i;
    for (i = 0; i < self->n_used; ++i) {
        if (strcmp(self->used[i], name) == 0) return;
    }
    if (self->n_used < MOST_NAMES) self->used[self->n_used++] = name;
}

/* A function of the host, whose use is noted. */
#define HOST(self, name) (note(self, #name), (self)->table->name)

/* "what=code"; a text that came with it stands behind. Quotes and backslashes of it are left out, so that it is JSON.
 */
static void report(struct every* self, const char* what, long long code, const char* more) {
    char line[96];
    snprintf(line, sizeof line, "%s\"%s=%lld", self->report.n == 0 ? "" : ",", what, code);
    put(&self->report, line, strlen(line));
    if (more) put(&self->report, " ", 1);
    for (; more && *more; ++more) {
        if (*more != '"' && *more != '\\' && (unsigned char)*more >= 0x20) put(&self->report, more, 1);
    }
    put(&self->report, "\"", 1);
}

static void report_to(struct every* self, wshub_ack ack) {
    static struct text out;
    clear(&out);
    put(&out, "[[", 2);
    put(&out, self->report.p, self->report.n);
    put(&out, "]]", 2);
    HOST(self, ack)(self->host, ack, str(out.p), NULL, 0);
    clear(&self->report);
}

static void say(struct every* self, const char* what) {
    HOST(self, log)(self->host, WSHUB_INFO, str(what));
}

/* ---- settings */

static int32_t setting(struct every* self, uint32_t type, const char* key, const char* otherwise, const char* min,
                       const char* max) {
    const wshub_sink sink = {put, &self->config};
    wshub_setting s;
    int32_t code;
    memset(&s, 0, sizeof s);
    s.size = sizeof s;
    s.type = type;
    s.key = str(key);
    s.dflt = str(otherwise);
    s.min = str(min);
    s.max = str(max);
    s.help = str("A setting of this type.");
    put(&self->config, self->config.n == 0 ? "" : "|", self->config.n == 0 ? 0 : 1);
    code = HOST(self, config)(self->host, &s, &sink);
    return code;
}

static int32_t settings(struct every* self) {
    const wshub_sink nowhere = {put, &self->report};
    wshub_setting too_short;
    memset(&too_short, 0, sizeof too_short);
    too_short.size = sizeof too_short - 1;
    too_short.type = WSHUB_CFG_STRING;
    too_short.key = str("text");
    if (HOST(self, config)(self->host, &too_short, &nowhere) != WSHUB_EINVAL) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_STRING, "text", "hello", "", "") < 0) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_INT, "int", "-12", "-100", "100") < 0) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_DOUBLE, "double", "0.5", "0", "1") < 0) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_BOOL, "bool", "yes", "", "") < 0) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_DURATION, "duration", "25s", "1s", "1h") < 0) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_SIZE, "size", "256KB", "1", "1MB") < 0) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_LIST, "list", "a, b", "", "") < 0) return WSHUB_EINTERNAL;
    if (setting(self, WSHUB_CFG_SECRET, "secret", "", "", "") < 0) return WSHUB_EINTERNAL;
    return setting(self, WSHUB_CFG_PATH, "path", "/etc/./every", "", "");
}

/* ---- the plugin's table */

static int32_t handlers(struct every* self) {
    const struct {
        uint32_t kind;
        const char* name;
        wshub_slot slot;
        int32_t priority;
    } all[] = {
        {WSHUB_ON_EVENT, "every:*", ON_ANY, 0},
        {(uint32_t)WSHUB_ON_EVENT | (uint32_t)WSHUB_BLOCKING, "every:slow", ON_SLOW, 10},
        {WSHUB_ON_CONNECT, "", ON_CONNECT, 0},
        {WSHUB_ON_CONNECTED, "", ON_CONNECTED, 0},
        {WSHUB_ON_DISCONNECT, "", ON_DISCONNECT, 0},
        {WSHUB_ON_JOIN, "every-*", ON_JOIN, 0},
        {WSHUB_ON_LEAVE, "*", ON_LEAVE, 0},
        {WSHUB_ON_HTTP, "POST /every-c/*", ON_HTTP, 0},
    };
    size_t i;
    for (i = 0; i < sizeof all / sizeof all[0]; ++i) {
        const int32_t code = HOST(self, on)(self->host, all[i].kind, str(all[i].name), all[i].slot, all[i].priority);
        if (code < 0) return code;
    }
    return HOST(self, channel)(self->host, str("/every-c-channel/"), WSHUB_CHANNEL_WEBSOCKET, ON_CHANNEL);
}

static void refuse_to_be(wshub_err* error, const char* why) {
    error->code = WSHUB_EINTERNAL;
    if (error->msg && error->cap > 0) snprintf(error->msg, error->cap, "%s", why);
}

static void* create(wshub_host* host, const wshub_host_v1* table, wshub_err* error) {
    struct every* self;
    if (table->size < sizeof *table || table->abi_major != WSHUB_ABI_MAJOR) {
        return refuse_to_be(error, "this server has fewer functions"), NULL;
    }
    self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->host = host;
    self->table = table;
    note(self, "create");
    if (settings(self) < 0 || handlers(self) < 0 ||
        HOST(self, metric)(host, WSHUB_COUNTER, str("every_c_total"), str("Events"), str("kind=\"c\""),
                           &self->counter) < 0 ||
        HOST(self, metric)(host, WSHUB_GAUGE, str("every_c_level"), str("A level"), str(""), &self->gauge) < 0) {
        free(self);
        return refuse_to_be(error, "what create() registers was refused"), NULL;
    }
    return self;
}

static void destroy(void* self) {
    free(self);
}

static int32_t start(void* given, wshub_err* error) {
    struct every* const self = given;
    (void)error;
    note(self, "start");
    say(self, "every_c starts");
    return WSHUB_OK;
}

static void stop(void* given) {
    struct every* const self = given;
    say(self, "every_c stops");
}

static int32_t save(void* given, const wshub_sink* sink, wshub_err* error) {
    (void)given;
    (void)error;
    sink->put(sink->user, "saved ", 6);
    sink->put(sink->user, "by C", 4);
    return WSHUB_OK;
}

static int32_t restore(void* given, uint32_t version, wshub_str text, wshub_err* error) {
    struct every* const self = given;
    (void)error;
    note(self, "restore");
    snprintf(self->saved, sizeof self->saved, "%u %.*s", (unsigned)version, (int)text.n, text.p);
    return WSHUB_OK;
}

/* ---- sessions */

static int32_t visit(void* user, wshub_session session, wshub_str name, uint64_t number) {
    struct every* const self = user;
    (void)name;
    (void)number;
    if (session == self->session || session == 0) ++self->visits;
    return 0;
}

static void visit_all(struct every* self) {
    static const uint32_t kinds[] = {WSHUB_VISIT_SESSIONS,      WSHUB_VISIT_ROOMS,    WSHUB_VISIT_ROOM_MEMBERS,
                                     WSHUB_VISIT_SESSION_ROOMS, WSHUB_VISIT_USERS,    WSHUB_VISIT_PLUGINS,
                                     WSHUB_VISIT_NAMESPACES,    WSHUB_VISIT_FOLLOWERS};
    wshub_visitor visitor;
    size_t i;
    visitor.visit = visit;
    visitor.user = self;
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) {
        wshub_query query;
        char what[32];
        int32_t code;
        memset(&query, 0, sizeof query);
        query.size = sizeof query;
        query.what = kinds[i];
        query.key = str(kinds[i] == WSHUB_VISIT_FOLLOWERS ? "somebody" : "every-room");
        query.session = self->session;
        self->visits = 0;
        code = HOST(self, visit)(self->host, &query, &visitor);
        snprintf(what, sizeof what, "visit %u", (unsigned)kinds[i]);
        report(self, what, code < 0 ? code : (long long)self->visits, NULL);
    }
}

static void fields(struct every* self) {
    static const uint32_t texts[] = {WSHUB_F_SID,     WSHUB_F_NSP,      WSHUB_F_REMOTE,    WSHUB_F_USER_AGENT,
                                     WSHUB_F_AUTH,    WSHUB_F_USERNAME, WSHUB_F_PROFILE,   WSHUB_F_TRANSPORT,
                                     WSHUB_F_HEADERS, WSHUB_F_QUERY,    WSHUB_F_FOLLOWING, WSHUB_F_ROLES};
    static const uint32_t numbers[] = {WSHUB_N_CONNECTED_AT_MS, WSHUB_N_EVENTS_IN, WSHUB_N_EVENTS_OUT, WSHUB_N_ROOMS,
                                       WSHUB_N_SECURE};
    static struct text text;
    size_t i;
    char what[32];
    const wshub_sink sink = {put, &text};
    for (i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        int32_t code;
        clear(&text);
        code = HOST(self, session_str)(self->host, self->session, texts[i], &sink);
        snprintf(what, sizeof what, "text %u", (unsigned)texts[i]);
        report(self, what, code, text.p);
    }
    for (i = 0; i < sizeof numbers / sizeof numbers[0]; ++i) {
        int64_t number = -1;
        const int32_t code = HOST(self, session_num)(self->host, self->session, numbers[i], &number);
        snprintf(what, sizeof what, "number %u", (unsigned)numbers[i]);
        report(self, what, code < 0 ? code : number, NULL);
    }
}

static void about_session(struct every* self) {
    const wshub_session me = self->session;
    static struct text sid;
    const wshub_sink sink = {put, &sid};
    wshub_session found = 0;
    uint64_t count = 0;
    int32_t code;
    report(self, "join", HOST(self, join)(self->host, me, str("every-room"), 0), NULL);
    report(self, "join again", HOST(self, join)(self->host, me, str("every-room"), 0), NULL);
    report(self, "join private", HOST(self, join)(self->host, me, str("own"), WSHUB_ROOM_PRIVATE), NULL);
    report(self, "in_room", HOST(self, in_room)(self->host, me, str("every-room"), 0), NULL);
    report(self, "in_room shared",
           HOST(self, in_room)(self->host, me, str("own"), WSHUB_ROOM_PRIVATE | WSHUB_ROOM_SHARED), NULL);
    report(self, "set username", HOST(self, session_set)(self->host, me, WSHUB_F_USERNAME, str("every c")), NULL);
    report(self, "set profile", HOST(self, session_set)(self->host, me, WSHUB_F_PROFILE, str("{\"a\":1}")), NULL);
    report(self, "set following", HOST(self, session_set)(self->host, me, WSHUB_F_FOLLOWING, str("[\"somebody\"]")),
           NULL);
    report(self, "set roles", HOST(self, session_set)(self->host, me, WSHUB_F_ROLES, str("[\"tester\"]")), NULL);
    report(self, "set sid", HOST(self, session_set)(self->host, me, WSHUB_F_SID, str("x")), NULL);
    report(self, "has_role", HOST(self, has_role)(self->host, me, str("tester")), NULL);
    report(self, "has_role other", HOST(self, has_role)(self->host, me, str("admin")), NULL);
    fields(self);
    clear(&sid);
    HOST(self, session_str)(self->host, me, WSHUB_F_SID, &sink);
    code = HOST(self, find_session)(self->host, str(sid.p), &found);
    report(self, "find_session", code, found == me ? "me" : "other");
    found = 0;
    code = HOST(self, find_user)(self->host, str(""), str("every c"), &found);
    report(self, "find_user", code, found == me ? "me" : "other");
    report(self, "find_user nobody", HOST(self, find_user)(self->host, str(""), str("nobody"), &found), NULL);
    code = HOST(self, count)(self->host, WSHUB_COUNT_SESSIONS, str(""), &count);
    report(self, "count sessions", code, count == 1 ? "1" : "more");
    code = HOST(self, count)(self->host, WSHUB_COUNT_CONNECTIONS, str(""), &count);
    report(self, "count connections", code, count > 0 ? "some" : "0");
    visit_all(self);
    report(self, "leave", HOST(self, leave)(self->host, me, str("every-room"), 0), NULL);
    report(self, "leave again", HOST(self, leave)(self->host, me, str("every-room"), 0), NULL);
}

static void about_host(struct every* self) {
    static struct text text;
    const wshub_sink sink = {put, &text};
    const uint64_t now = HOST(self, now_ms)(self->host);
    uint32_t what;
    int32_t code;
    report(self, "config", 0, self->config.p);
    report(self, "saved", 0, self->saved);
    report(self, "log_enabled", HOST(self, log_enabled)(self->host, WSHUB_ERROR) != 0, NULL);
    report(self, "now_ms", now > 1600000000000u, NULL);
    HOST(self, metric_add)(self->host, self->counter, 2);
    HOST(self, metric_set)(self->host, self->gauge, 2.5);
    report(self, "var_set", HOST(self, var_set)(self->host, self->session, str("every.c"), str("[1]")), NULL);
    clear(&text);
    code = HOST(self, var_get)(self->host, self->session, str("every.c"), &sink);
    report(self, "var_get", code, text.p);
    report(self, "var_set own", HOST(self, var_set)(self->host, 0, str("own"), str("{}")), NULL);
    report(self, "var_set broken", HOST(self, var_set)(self->host, 0, str("own"), str("{")), NULL);
    report(self, "var_get none", HOST(self, var_get)(self->host, 0, str("nothing"), &sink), NULL);
    for (what = WSHUB_S_VERSION; what <= WSHUB_S_PATH; ++what) {
        char name[32];
        clear(&text);
        code = HOST(self, server_str)(self->host, what, &sink);
        snprintf(name, sizeof name, "server %u", (unsigned)what);
        report(self, name, code, text.p);
    }
}

/* What the host must refuse: sizes that are no sizes of these structs. */
static void too_short(struct every* self) {
    wshub_emit emit;
    wshub_query query;
    wshub_visitor visitor;
    visitor.visit = visit;
    visitor.user = self;
    memset(&emit, 0, sizeof emit);
    emit.size = sizeof emit - 1;
    emit.flags = WSHUB_EMIT_ALL;
    emit.event = str("every:never");
    report(self, "emit too short", HOST(self, emit)(self->host, &emit), NULL);
    emit.size = 0;
    report(self, "emit of no size", HOST(self, emit)(self->host, &emit), NULL);
    memset(&query, 0, sizeof query);
    query.size = sizeof query - 1;
    query.what = WSHUB_VISIT_SESSIONS;
    report(self, "visit too short", HOST(self, visit)(self->host, &query, &visitor), NULL);
}

/* Asks the client, by its session; and tells all of a room, without those who are excepted. */
static void emit_both_ways(struct every* self) {
    const wshub_bytes bytes = {"\1\2", 2};
    const wshub_str rooms[1] = {{"own", 3}};
    const uint32_t room_flags[1] = {WSHUB_ROOM_PRIVATE};
    wshub_emit emit;
    memset(&emit, 0, sizeof emit);
    emit.size = sizeof emit;
    emit.event = str("every:told");
    emit.args = str("[\"c\",{\"_placeholder\":true,\"num\":0}]");
    emit.bins = &bytes;
    emit.n_bins = 1;
    emit.rooms = rooms;
    emit.room_flags = room_flags;
    emit.n_rooms = 1;
    report(self, "emit", HOST(self, emit)(self->host, &emit), NULL);
    memset(&emit, 0, sizeof emit);
    emit.size = sizeof emit;
    emit.event = str("every:question");
    emit.sessions = &self->session;
    emit.n_sessions = 1;
    emit.reply_slot = ON_REPLY;
    emit.reply_timeout_ms = 5000;
    emit.reply_cookie = COOKIE;
    report(self, "ask", HOST(self, emit)(self->host, &emit), NULL);
}

/* ---- callbacks. every:table runs through them: event, post, timer, reply, answer; then its ack is answered. */

static int32_t on_event(struct every* self, const wshub_event* event) {
    self->session = event->session;
    if (is(event->name, "every:table")) {
        wshub_timer never = 0;
        self->ack = event->ack;
        report(self, "keep_ack", HOST(self, keep_ack)(self->host, event->ack), NULL);
        about_host(self);
        about_session(self);
        too_short(self);
        report(self, "timer_add", HOST(self, timer_add)(self->host, 0, 100, 0, ON_TIMER, 1, &never), NULL);
        self->cancelled = never;
        report(self, "timer_cancel", HOST(self, timer_cancel)(self->host, never), NULL);
        report(self, "timer_cancel again", HOST(self, timer_cancel)(self->host, never), NULL);
        report(self, "post", HOST(self, post)(self->host, event->session, ON_POST, COOKIE), NULL);
        return WSHUB_OK;
    }
    if (is(event->name, "every:echo")) {
        return HOST(self, ack)(self->host, event->ack, event->args, event->bins, event->n_bins);
    }
    if (is(event->name, "every:fail")) {
        HOST(self, fail)(self->host, event->session, event->ack, str("NO"), str("not today"), str(""));
        return WSHUB_OK;
    }
    if (is(event->name, "every:error")) return WSHUB_EINTERNAL;
    if (is(event->name, "every:bye")) return HOST(self, disconnect)(self->host, event->session, 0);
    if (is(event->name, "every:reload")) {
        static const char itself[] = "{\"plugin\":\"every_c\"}";
        HOST(self, control)(self->host, str("reload"), str(itself), ON_ANSWER, 0);
        return WSHUB_OK;
    }
    if (is(event->name, "every:used")) {
        size_t i;
        for (i = 0; i < self->n_used; ++i) report(self, self->used[i], 0, NULL);
        report_to(self, event->ack);
        return WSHUB_STOP;
    }
    return WSHUB_OK;
}

static int32_t on_slow(struct every* self, const wshub_event* event) {
    HOST(self, ack)(self->host, event->ack, str("[\"slowly\"]"), NULL, 0);
    return WSHUB_STOP;
}

static int32_t on_connect(struct every* self, const wshub_connect* connect) {
    if (holds(connect->auth, "\"refuse\"")) {
        HOST(self, refuse)(self->host, str("not you"), str("{\"why\":\"c\"}"));
    } else if (holds(connect->auth, "\"hold\"")) {
        wshub_timer timer = 0;
        self->held = connect->session;
        HOST(self, hold)(self->host, connect->session);
        HOST(self, timer_add)(self->host, 0, 10, 0, ON_VERDICT, 0, &timer);
    }
    return WSHUB_OK;
}

static int32_t on_http(struct every* self, const wshub_http* http) {
    static struct text body;
    clear(&body);
    put(&body, http->method.p, http->method.n);
    put(&body, " ", 1);
    put(&body, http->path.p, http->path.n);
    put(&body, "?", 1);
    put(&body, http->query.p, http->query.n);
    put(&body, " ", 1);
    put(&body, http->body.p, http->body.n);
    HOST(self, http_reply)(self->host, http->request, 201, str("X-Every: c\r\n"), str(body.p));
    return WSHUB_OK;
}

static int32_t on_timer(struct every* self, wshub_slot slot, const wshub_tick* tick) {
    if (slot == ON_VERDICT) {
        HOST(self, decide)(self->host, self->held, 1, str(""), str(""));
        return WSHUB_OK;
    }
    report(self, "timer", (long long)tick->cookie,
           tick->timer != 0 && tick->timer != self->cancelled ? "the right one" : "a wrong one");
    emit_both_ways(self);
    return WSHUB_OK;
}

static int32_t on_post(struct every* self, const wshub_tick* tick) {
    wshub_timer timer = 0;
    report(self, "post", (long long)tick->cookie, tick->timer == 0 ? "no timer" : "a timer");
    report(self, "timer_add", HOST(self, timer_add)(self->host, self->session, 5, 0, ON_TIMER, COOKIE, &timer), NULL);
    return WSHUB_OK;
}

static int32_t on_reply(struct every* self, const wshub_reply* reply) {
    static struct text args;
    clear(&args);
    put(&args, reply->args.p, reply->args.n);
    report(self, "reply", reply->status, args.p);
    report(self, "reply cookie", (long long)reply->cookie, NULL);
    report(self, "control", HOST(self, control)(self->host, str("stats"), str("{}"), ON_ANSWER, COOKIE), NULL);
    return WSHUB_OK;
}

static int32_t on_answer(struct every* self, const wshub_answer* answer) {
    if (answer->cookie != COOKIE) return WSHUB_OK;
    report(self, "answer", answer->status,
           holds(answer->result, "\"sessions\"") ? "with sessions" : "without sessions");
    report_to(self, self->ack);
    return WSHUB_OK;
}

static int32_t on_channel(struct every* self, const wshub_channel_event* event) {
    static struct text text;
    const wshub_sink sink = {put, &text};
    wshub_bytes out;
    if (event->op == WSHUB_CHANNEL_OPEN) {
        clear(&text);
        HOST(self, channel_str)(self->host, event->session, WSHUB_F_PATH, &sink);
        out.p = text.p;
        out.n = text.n;
        HOST(self, channel_send)(self->host, event->session, out, 0);
    } else if (event->op == WSHUB_CHANNEL_MESSAGE && !event->binary && event->data.n == 3) {
        HOST(self, channel_close)(self->host, event->session, 4001, str("as you wish"));
    } else if (event->op == WSHUB_CHANNEL_MESSAGE) {
        HOST(self, channel_send)(self->host, event->session, event->data, event->binary);
    } else {
        say(self, "every_c: a channel was closed");
    }
    return WSHUB_OK;
}

static int32_t call(void* given, uint32_t kind, wshub_slot slot, const void* data, wshub_err* error) {
    struct every* const self = given;
    static const char* const names[] = {"?",        "ON_EVENT",   "ON_CONNECT", "ON_CONNECTED", "ON_DISCONNECT",
                                        "ON_JOIN",  "ON_LEAVE",   "ON_HTTP",    "ON_TIMER",     "ON_POST",
                                        "ON_REPLY", "ON_CHANNEL", "ON_ANSWER"};
    note(self, names[kind < sizeof names / sizeof names[0] ? kind : 0]);
    switch (kind) {
        case WSHUB_ON_EVENT: return slot == ON_SLOW ? on_slow(self, data) : on_event(self, data);
        case WSHUB_ON_CONNECT: return on_connect(self, data);
        case WSHUB_ON_CONNECTED: return WSHUB_OK;
        case WSHUB_ON_DISCONNECT: return WSHUB_OK;
        case WSHUB_ON_JOIN: return WSHUB_OK;
        case WSHUB_ON_LEAVE: return WSHUB_OK;
        case WSHUB_ON_HTTP: return on_http(self, data);
        case WSHUB_ON_TIMER: return on_timer(self, slot, data);
        case WSHUB_ON_POST: return on_post(self, data);
        case WSHUB_ON_REPLY: return on_reply(self, data);
        case WSHUB_ON_CHANNEL: return on_channel(self, data);
        case WSHUB_ON_ANSWER: return on_answer(self, data);
        default: return refuse_to_be(error, "an unknown kind of call"), WSHUB_EINVAL;
    }
}

static const wshub_plugin_v1 functions = {sizeof(wshub_plugin_v1), 0, create, destroy, start, stop, call, save, restore,
                                          STATE_VERSION,           0};

WSHUB_EXPORT const wshub_plugin_v1* wshub_plugin_entry_v1(void) {
    return &functions;
}
WSHUB_DESCRIBE("every_c", "1.0.0", WSHUB_PF_SERIAL, "");
