#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "domain/archive.hpp"
#include "domain/media.hpp"
#include "domain/object_store.hpp"
#include "domain/unit_of_work.hpp"
#include "http/endpoint/endpoint_table.hpp"
#include "service/account_link_service.hpp"
#include "service/account_remover.hpp"
#include "service/api_key_service.hpp"
#include "service/audit_service.hpp"
#include "service/content_service.hpp"
#include "service/direct_upload_service.hpp"
#include "service/export_places.hpp"
#include "service/packaging_service.hpp"
#include "service/playback_service.hpp"
#include "service/playback_session_service.hpp"
#include "service/registration_service.hpp"
#include "service/resumable_upload_service.hpp"
#include "service/second_factor_service.hpp"
#include "service/session_service.hpp"
#include "service/sign_in_service.hpp"
#include "service/upload_service.hpp"
#include "service/user_service.hpp"

namespace clinikk::api {

using namespace http;

/// What the health operations examine.
struct HealthSubjects {
    UnitOfWork& work;
    std::string database_driver;  ///< `sqlite` or `postgres`
    ObjectStore& objects;
    MediaInspector& inspector;
    std::function<bool()> ready;  ///< false while starting or draining; thread-safe
    Log& log;
};

/// Everything that the handlers use: each handler is a free function over this struct.
struct Services {
    UserService& users;
    RegistrationService& registration;
    SessionService& sessions;
    ApiKeyService& api_keys;
    AccountRemover& remover;
    AccountLinkService& links;
    SecondFactorService& second_factors;
    SignInService& sign_ins;
    AuditService& audit;
    ContentService& contents;
    PlaybackService& playback;
    PlaybackSessionService& playback_sessions;
    PackagingService& packaging;
    UploadService& uploads;
    DirectUploadService& direct_uploads;
    ResumableUploadService& resumable_uploads;
    std::function<std::unique_ptr<Archive>()> make_archive;  ///< for exports
    ExportPlaces& exports;
    HealthSubjects health;
    std::string public_keys{};  ///< a JWK Set
    std::string openapi{};      ///< the document at `/openapi.json`; set when the table is complete
};

using Routes = http::Routes<Services>;

}  // namespace clinikk::api
