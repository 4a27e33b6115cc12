// Where what is printed ends up.
#pragma once

namespace admin {

// Whether the descriptor goes straight to systemd's journal ($JOURNAL_STREAM, systemd.exec(5)), which others may read
// and which is kept.
bool is_journal(int descriptor);

}  // namespace admin
