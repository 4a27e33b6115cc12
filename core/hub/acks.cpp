#include "hub/acks.h"

namespace wshub::hub {

AckHandle Acks::open(SocketHandle socket, std::uint64_t id) {
    Entry entry;
    entry.owed = {socket, id};
    return table_.add(entry);
}

std::optional<Acks::Owed> Acks::settle(AckHandle ack) {
    Entry* entry = table_.find(ack);
    if (!entry) return std::nullopt;  // kept, and its socket has ended meanwhile
    entry->in_handler = false;
    if (entry->kept && !entry->answered) return std::nullopt;
    const Owed owed = entry->owed;
    const bool answered = entry->answered;
    erase(ack, *entry);
    return answered ? std::nullopt : std::optional(owed);
}

const Acks::Owed* Acks::find(AckHandle ack) const {
    const Entry* entry = table_.find(ack);
    return entry ? &entry->owed : nullptr;
}

HubError Acks::take(AckHandle ack) {
    Entry* entry = table_.find(ack);
    if (!entry) return HubError::kNoSuchAck;
    if (entry->answered) return HubError::kAlreadyAcked;
    entry->answered = true;
    if (!entry->in_handler) erase(ack, *entry);
    return HubError::kNone;
}

HubError Acks::keep(AckHandle ack, KeptAcks& kept) {
    Entry* entry = table_.find(ack);
    if (!entry) return HubError::kNoSuchAck;
    if (entry->answered) return HubError::kAlreadyAcked;
    if (entry->kept) return HubError::kNone;
    entry->kept = &kept;
    entry->after = kept.first;
    if (Entry* next = table_.find(kept.first)) next->before = ack;
    kept.first = ack;
    return HubError::kNone;
}

void Acks::drop(KeptAcks& kept) {
    while (Entry* entry = table_.find(kept.first)) erase(kept.first, *entry);
}

void Acks::erase(AckHandle ack, Entry& entry) {
    if (entry.kept) {
        Entry* before = table_.find(entry.before);
        (before ? before->after : entry.kept->first) = entry.after;
        if (Entry* after = table_.find(entry.after)) after->before = entry.before;
    }
    table_.erase(ack);
}

}  // namespace wshub::hub
