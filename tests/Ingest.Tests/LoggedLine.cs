using Microsoft.Extensions.Logging;

namespace Recommender.Ingest.Tests;

internal sealed record LoggedLine(LogLevel Level, string Text);
