#include "host/dependency_order.h"

#include <algorithm>
#include <optional>

namespace wshub::host {
namespace {

class Sorter {
public:
    explicit Sorter(const std::vector<const Descriptor*>& plugins) : plugins_(plugins), states_(plugins.size()) {}

    DependencyOrder run() {
        for (std::size_t i = 0; i < plugins_.size(); ++i) visit(i);
        return std::move(result_);
    }

private:
    enum class State { kNew, kOnPath, kPlaced, kRefused };

    // Places the plugin behind what it requires, or refuses it.
    void visit(std::size_t plugin) {
        if (states_[plugin] != State::kNew) return;
        states_[plugin] = State::kOnPath;
        path_.push_back(plugin);
        for (const Requirement& requirement : plugins_[plugin]->requirements) {
            const auto needed = find(requirement.name);
            if (needed && states_[*needed] == State::kOnPath) {
                refuse_cycle(*needed);
            } else if (needed) {
                visit(*needed);
            }
            if (states_[plugin] == State::kRefused) break;
            if (const std::string reason = unmet(requirement, needed); !reason.empty()) {
                refuse(plugin, reason);
                break;
            }
        }
        path_.pop_back();
        if (states_[plugin] == State::kRefused) return;
        states_[plugin] = State::kPlaced;
        result_.order.push_back(plugin);
    }

    std::optional<std::size_t> find(const std::string& name) const {
        const auto found = std::find_if(plugins_.begin(), plugins_.end(),
                                        [&name](const Descriptor* plugin) { return plugin->name == name; });
        if (found == plugins_.end()) return std::nullopt;
        return static_cast<std::size_t>(found - plugins_.begin());
    }

    std::string unmet(const Requirement& requirement, std::optional<std::size_t> needed) const {
        if (!needed) return "requires " + requirement.name + ", which is not enabled";
        const Descriptor& other = *plugins_[*needed];
        if (!requirement.least.empty() && !version_at_least(other.version, requirement.least)) {
            return "requires " + requirement.name + ">=" + requirement.least + ", which is " + other.version;
        }
        if (states_[*needed] == State::kRefused) return "requires " + requirement.name + ", which was refused";
        return {};
    }

    void refuse(std::size_t plugin, std::string reason) {
        states_[plugin] = State::kRefused;
        result_.refused.emplace_back(plugin, std::move(reason));
    }

    // Everything on the path from `first` on requires the next one, and the last one `first`.
    void refuse_cycle(std::size_t first) {
        const auto begin = std::find(path_.begin(), path_.end(), first);
        const std::vector<std::size_t> cycle(begin, path_.end());
        for (std::size_t at = 0; at < cycle.size(); ++at) {
            std::string text = "requirements form a cycle: ";
            for (std::size_t i = 0; i < cycle.size(); ++i) {
                text += plugins_[cycle[(at + i) % cycle.size()]]->name + " -> ";
            }
            refuse(cycle[at], text + plugins_[cycle[at]]->name);
        }
    }

    const std::vector<const Descriptor*>& plugins_;
    std::vector<State> states_;
    std::vector<std::size_t> path_;
    DependencyOrder result_;
};

}  // namespace

DependencyOrder order_by_dependency(const std::vector<const Descriptor*>& plugins) {
    return Sorter(plugins).run();
}

}  // namespace wshub::host
