using System.Collections.Concurrent;

namespace OrleansServe.Grains.Workers;

/// <summary>
/// The one thread that an engine and its block pool belong to. Others hand it commands, which run between two steps; it sleeps when there is
/// neither a command nor work. An exception out of a step is the end of the worker: it is reported and nothing runs any more.
/// </summary>
/// <remarks>
/// It may have no thread of its own and take turns on the thread pool instead, one step a turn: for engines that compute next to nothing, and where a pool of
/// one thread is to make everything happen in one order.
/// </remarks>
internal sealed class EngineThread : IDisposable
{
    private const int MaxCommands = 1 << 16;

    private readonly ConcurrentQueue<Action> _commands = new();
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<bool> _step;
    private readonly Action<Exception?> _onEnd;
    private readonly string _name;
    private readonly Thread? _thread;
    private bool _started;
    private bool _idle = true;
    private int _queued;
    private bool _closed;
    private volatile bool _stopping;

    /// <param name="name">Name of the thread.</param>
    /// <param name="step">Runs one step; false if there is nothing to do.</param>
    /// <param name="onEnd">Called last on the thread: with the fault that ended it, or null after a stop.</param>
    /// <param name="pooled">Take turns on the thread pool.</param>
    public EngineThread(string name, Func<bool> step, Action<Exception?> onEnd, bool pooled = false)
    {
        _name = name;
        _step = step;
        _onEnd = onEnd;
        _thread = pooled ? null : new Thread(Run) { IsBackground = true, Name = name };
    }

    public void Start()
    {
        lock (_gate)
        {
            _started = true;
            Wake();
        }

        _thread?.Start();
    }

    /// <summary>
    /// Runs a command on the thread, between two steps. Dropped once the thread has ended: never throws, since timers and transports call it,
    /// who could do nothing about it. They are bounded by what the worker holds.
    /// </summary>
    public void Post(Action command)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            Interlocked.Increment(ref _queued);
            _commands.Enqueue(command);
            Wake();
        }
    }

    /// <summary>Runs a function on the thread and returns its result.</summary>
    /// <param name="function">The function.</param>
    /// <param name="limited">Refuse it where too many commands wait; false for what gives room back.</param>
    /// <exception cref="WorkerUnavailableException">Too many commands wait, or the thread has ended.</exception>
    public async Task<T> InvokeAsync<T>(Func<T> function, bool limited = true)
    {
        if (limited && Volatile.Read(ref _queued) >= MaxCommands)
        {
            throw new WorkerUnavailableException($"worker {_name} has {MaxCommands} commands waiting, which is the limit");
        }

        TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                result.SetResult(function());
            }
#pragma warning disable CA1031 // Whatever the function throws belongs to its caller, not to the thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                result.SetException(e);
            }
        });

        await Task.WhenAny(result.Task, _ended.Task);
        return result.Task.IsCompleted
            ? await result.Task
            : throw new WorkerUnavailableException($"worker {_name} has ended");
    }

    /// <summary>Ends the thread after the step under way.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            if (!_closed)
            {
                Wake();
            }

            return _started ? _ended.Task : Task.CompletedTask;
        }
    }

    /// <summary>For the owner, after <see cref="StopAsync"/>.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _wake.Dispose();
        }

        // One that was never started ends here.
        _ended.TrySetResult();
    }

    // Under the gate.
    private void Wake()
    {
        if (_thread is not null)
        {
            _wake.Set();
        }
        else if (_idle && _started)
        {
            _idle = false;
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.RunTurn(), this, preferLocal: false);
        }
    }

    private void Run()
    {
        Exception? fault;
        while (!IsOverAfterStep(out bool idle, out fault))
        {
            if (idle)
            {
                _wake.WaitOne();
            }
        }

        End(fault);
    }

    private void RunTurn()
    {
        if (IsOverAfterStep(out bool idle, out Exception? fault))
        {
            End(fault);
            return;
        }

        lock (_gate)
        {
            _idle = true;
            if (!idle || !_commands.IsEmpty || _stopping)
            {
                Wake();
            }
        }
    }

    /// <summary>Runs what waits and one step.</summary>
    /// <returns>Whether this was the end.</returns>
    private bool IsOverAfterStep(out bool idle, out Exception? fault)
    {
        idle = false;
        fault = null;
        if (_stopping)
        {
            return true;
        }

        try
        {
            RunCommands();
            idle = !_step() && _commands.IsEmpty && !_stopping;
            return false;
        }
#pragma warning disable CA1031 // The worker ends here; its owner reports the fault.
        catch (Exception e)
#pragma warning restore CA1031
        {
            fault = e;
            return true;
        }
    }

    private void End(Exception? fault)
    {
        try
        {
            _onEnd(fault);
        }
        finally
        {
            Close();
            _ended.TrySetResult();
        }
    }

    private void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _commands.Clear();
        }
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out Action? command))
        {
            Interlocked.Decrement(ref _queued);
            command();
        }
    }
}
