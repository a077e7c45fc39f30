using Microsoft.Extensions.Logging;

namespace Recommender.Ingest.Tests;

internal sealed class ListLogger(List<LoggedLine> lines) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (lines) lines.Add(new LoggedLine(logLevel, formatter(state, exception) + exception));
    }

    public void Dispose()
    {
    }
}
