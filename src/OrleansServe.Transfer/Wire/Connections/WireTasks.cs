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

    /// <summary>Completes when none is left, or after a while: one that hangs in somebody else's code is told of and left behind.</summary>
    public async Task WhenAllAsync(TimeSpan limit, TimeProvider time)
    {
        using CancellationTokenSource done = new();
        Task over = Task.Delay(limit, time, done.Token);
        while (!_running.IsEmpty)
        {
            if (await Task.WhenAny(Task.WhenAll(_running.Keys), over).ConfigureAwait(false) == over)
            {
                foreach (string what in _running.Values)
                {
                    observer.OnReceiverFault(what, new TimeoutException($"it did not end within {limit.TotalSeconds:0.###} s"));
                }

                return;
            }

            await Task.Yield();
        }

        await done.CancelAsync().ConfigureAwait(false);
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
