using Microsoft.Extensions.Logging;

namespace Recommender.Recommend.Tests;

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordingLogger : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    /// <summary>The framework's own words about health checks are left out.</summary>
    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith("Recommender.", StringComparison.Ordinal) ? this
        : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        lock (_lines) _lines.Add($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
