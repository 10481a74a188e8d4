namespace OrleansServe.UnitTests.Grains.Workers.Schedules;

/// <summary>Tells everybody who waits that something has changed. Whoever took <see cref="Next"/> before looking misses nothing.</summary>
internal sealed class Signal
{
    private volatile TaskCompletionSource _next = New();

    public Task Next => _next.Task;

    public void Raise() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
