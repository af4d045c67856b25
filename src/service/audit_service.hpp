#pragma once

#include <vector>

#include "service/audit.hpp"

namespace clinikk {

/// The audit log as administrators read it.
class AuditService {
public:
    AuditService(UnitOfWork& work, Clock& clock) : work_(work), clock_(clock) {}

    /// A page of events, the newest first.
    Task<std::vector<AuditEvent>> list(AuditQuery query) {
        co_return co_await work_.repositories().audit().list(query);
    }

    /// Records what changes nothing: that the caller takes a copy of the data of the own account.
    Task<> record_export(Caller const& caller) {
        co_await record(work_.repositories(), caller, AuditAction::account_exported,
                        {TargetKind::account, caller.user.id}, clock_.now());
    }

private:
    UnitOfWork& work_;
    Clock& clock_;
};

}  // namespace clinikk
