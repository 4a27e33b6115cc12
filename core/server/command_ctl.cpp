// `wshub ctl`: has a running hub do something, and shows what it answers.
#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <sstream>
#include <system_error>

#include "base/log.h"
#include "base/visible.h"
#include "control/caller.h"
#include "server/commands.h"
#include "server/ctl_tables.h"
#include "server/places.h"

namespace wshub::server {
namespace {

using Poco::JSON::Object;

// As named; else where the configuration says; else where a hub that the service manager runs has it.
std::filesystem::path socket_of(const CtlLine& line) {
    if (!line.socket.empty()) return line.socket;
    const LoadedSettings loaded = load(sources_of(line.config, line.overrides));
    const Settings& settings = loaded.settings;
    std::error_code error;
    const std::filesystem::path of_service = service_control_socket();
    const bool there = std::filesystem::exists(settings.control.path, error);
    if (settings.control_path_is_default && !there && std::filesystem::exists(of_service, error)) return of_service;
    return settings.control.path;
}

std::string part_of(const std::string& line, const Object::Ptr& answer, const std::string& name) {
    // The text as it came: a parser would round numbers and order members anew.
    if (name == "result") {
        constexpr std::string_view kBefore = R"({"ok":true,"result":)";
        if (line.rfind(kBefore, 0) == 0 && line.back() == '}') {
            return line.substr(kBefore.size(), line.size() - kBefore.size() - 1);
        }
    }
    std::ostringstream text;
    answer->getObject(name)->stringify(text);
    return text.str();
}

int show(const CtlLine& line, const std::string& answer_line) {
    const auto answer = Poco::JSON::Parser().parse(answer_line).extract<Object::Ptr>();
    if (answer->getValue<bool>("ok")) {
        const std::string result = part_of(answer_line, answer, "result");
        say(stdout, line.json ? base::visible_json(result) : show_result(line.operation->name, result));
        return kDone;
    }
    if (line.json) {
        say(stdout, base::visible_json(part_of(answer_line, answer, "error")));
    } else {
        const Object::Ptr error = answer->getObject("error");
        say(stderr, "wshub ctl: " + base::log::printable(error->getValue<std::string>("code")) + ": " +
                        base::log::printable(error->getValue<std::string>("message"), 4096));
    }
    return kNotStarted;
}

}  // namespace

int ask_hub(const CtlLine& line) {
    if (line.help) {
        say(stdout, ctl_help(line.operation));
        return kDone;
    }
    set_up_quiet_log();
    try {
        control::Caller caller(socket_of(line));
        return show(line, caller.ask(std::string(line.operation->name), line.arguments, line.timeout));
    } catch (const control::CallerError& error) {
        say(stderr, std::string("wshub ctl: ") + error.what());
        return kNotReached;
    } catch (const Poco::Exception& error) {
        say(stderr, "wshub ctl: the hub's answer makes no sense: " + error.displayText());
        return kNotReached;
    }
}

}  // namespace wshub::server
