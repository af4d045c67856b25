#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "domain/content.hpp"
#include "domain/object.hpp"
#include "domain/upload.hpp"
#include "domain/user.hpp"

/// How enumerators stand in the tables: as lower-case text. The CHECK constraints of the migrations list the same.
namespace clinikk::db {

template <class Enum, std::size_t N>
using EnumTexts = std::array<std::pair<Enum, std::string_view>, N>;

/// Every enumerator of `Enum` with its text.
template <class Enum>
inline constexpr EnumTexts<Enum, 0> enum_texts{};

template <>
inline constexpr EnumTexts<Role, 3> enum_texts<Role>{{
    {Role::viewer, "viewer"},
    {Role::editor, "editor"},
    {Role::admin, "admin"},
}};

template <>
inline constexpr EnumTexts<ContentKind, 2> enum_texts<ContentKind>{{
    {ContentKind::video, "video"},
    {ContentKind::audio, "audio"},
}};

template <>
inline constexpr EnumTexts<Visibility, 1> enum_texts<Visibility>{{
    {Visibility::everyone, "everyone"},
}};

template <>
inline constexpr EnumTexts<ContentStatus, 3> enum_texts<ContentStatus>{{
    {ContentStatus::preparing, "preparing"},
    {ContentStatus::ready, "ready"},
    {ContentStatus::errored, "errored"},
}};

template <>
inline constexpr EnumTexts<ObjectState, 2> enum_texts<ObjectState>{{
    {ObjectState::stored, "stored"},
    {ObjectState::deleting, "deleting"},
}};

template <>
inline constexpr EnumTexts<ObjectRole, 1> enum_texts<ObjectRole>{{
    {ObjectRole::source, "source"},
}};

template <>
inline constexpr EnumTexts<UploadMethod, 2> enum_texts<UploadMethod>{{
    {UploadMethod::form, "form"},
    {UploadMethod::direct, "direct"},
}};

template <>
inline constexpr EnumTexts<UploadState, 2> enum_texts<UploadState>{{
    {UploadState::receiving, "receiving"},
    {UploadState::committing, "committing"},
}};

template <class Enum>
concept StoredEnum = std::is_enum_v<Enum> && (enum_texts<Enum>.size() > 0);

template <StoredEnum Enum>
constexpr std::string_view enum_to_text(Enum value) {
    for (auto const& [enumerator, text] : enum_texts<Enum>) {
        if (enumerator == value) return text;
    }
    throw std::logic_error("an enumerator has no text");
}

/// Throws for a text that no version of the program up to this one has written.
template <StoredEnum Enum>
constexpr Enum enum_from_text(std::string_view stored) {
    for (auto const& [enumerator, text] : enum_texts<Enum>) {
        if (text == stored) return enumerator;
    }
    throw std::runtime_error("unknown value in the database: " + std::string(stored));
}

}  // namespace clinikk::db
