#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"
#include "client/http_client.hpp"
#include "domain/direct_uploads.hpp"
#include "domain/object_store.hpp"

namespace clinikk {

/// Tries on a store everything that the service does with it, with a few bytes under keys of its own.
class StorageCheck {
public:
    /// Called for each step, with what is wrong; that is empty when all is well.
    using Report = std::function<void(std::string_view step, std::string_view fault)>;

    /// `http`: for what the clients of direct uploads do; null when the store does not take them.
    StorageCheck(ObjectStore& store, client::HttpClient* http, Report report);

    /// Runs all steps, and tries what pages of these origins need from the bucket. Returns whether all went well. It
    /// removes what it made, and reports what it may not remove.
    Task<bool> run(std::vector<std::string> origins);

private:
    Task<bool> attempt(std::string_view step, std::string_view right, Task<> trial);
    Task<> try_list();
    Task<> try_put();
    Task<> try_read();
    Task<> try_copy();
    Task<> try_parts();
    Task<> try_begin();
    Task<> try_send_part();
    Task<> try_list_parts();
    Task<> try_complete();
    Task<> try_abort();
    Task<> try_list_unfinished();
    Task<> try_delete();
    Task<> check_origin(std::string origin);
    Task<std::string> part_address();
    Task<client::HttpAnswer> send_part(std::string url, std::string origin);
    std::string key_of(Uuid id) const;

    ObjectStore& store_;
    client::HttpClient* http_;
    Report report_;
    bool is_well_ = true;
    std::string left_{};        ///< what could not be removed
    Uuid first_ = new_uuid();   ///< of what is put
    Uuid second_ = new_uuid();  ///< of its copy
    Uuid third_ = new_uuid();   ///< of what is sent in parts
    DirectUploadHandle upload_{};
    std::vector<StoredPart> parts_{};
};

}  // namespace clinikk
