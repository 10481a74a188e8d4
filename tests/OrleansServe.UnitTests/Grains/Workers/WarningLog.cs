using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>Keeps the warnings that are logged, with their reasons.</summary>
internal sealed class WarningLog : ILogger
{
    private readonly ConcurrentQueue<string> _entries = new();

    public IReadOnlyCollection<string> Entries => _entries;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _entries.Enqueue($"{formatter(state, exception)} {exception?.Message}");
        }
    }
}
