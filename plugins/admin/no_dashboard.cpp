// In place of what embed_dashboard.mjs makes, in a build without the dashboard (WSHUB_DASHBOARD=OFF).
#include "dashboard.h"

namespace admin {

const std::vector<PageFile>& dashboard_files() {
    static const std::vector<PageFile> none;
    return none;
}

}  // namespace admin
