using System.Collections.Concurrent;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Owns the tasks that run beside the callers, tells of those that fail, and waits for all at the end.</summary>
internal sealed class WireTasks(IWireObserver observer)
{
    private readonly ConcurrentDictionary<Task, string> _running = new();

    public void Run(string what, Func<Task> work)
    {
        Task task = Task.Run(work);
        _running[task] = what;
        task.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Completes when none is left.</summary>
    public async Task WhenAllAsync()
    {
        while (!_running.IsEmpty)
        {
            await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Yield();
        }
    }

    private void Ended(Task task)
    {
        if (task.Exception is { } exception && _running.TryGetValue(task, out string? what))
        {
            observer.OnReceiverFault(what, exception.GetBaseException());
        }

        _running.TryRemove(task, out _);
    }
}
