using Recommender.Contracts;

namespace Recommender.Ingest.Reading;

/// <summary>One line of an NDJSON body. <see cref="Bytes"/> is null for a line longer than <see cref="Limits.LineBytes"/>, which was
/// skipped.</summary>
/// <param name="Index">0-based, empty lines not counted.</param>
internal readonly record struct Line(int Index, ReadOnlyMemory<byte>? Bytes);
