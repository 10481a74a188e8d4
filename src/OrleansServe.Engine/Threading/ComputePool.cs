using System.Globalization;
using System.Runtime.ExceptionServices;

namespace OrleansServe.Engine.Threading;

/// <summary>
/// The caller and some threads that take parts of one work at a time. Threads look for the next work for a moment and then park until
/// they are woken: an idle engine costs nothing. Which thread does which part is chance and must not matter.
/// </summary>
internal sealed class ComputePool : IDisposable
{
    public const int MaxParts = (1 << 20) - 1;

    // A gap between two products of a step is a few microseconds, and waking a parked thread costs dozens: this many looks take about 100. Each is
    // a single pause, so that the next work waits for no more than that.
    private const int MostLooks = 2500;
    private const int SpinsPerLook = 1;

    private readonly Thread[] _threads;
    private readonly Lock _callers = new();
    private readonly object _parked = new();
    private readonly int _spinLooks;

    // epoch (24 bits) | parts (20 bits) | next part (20 bits): one compare-and-swap takes a part of the very work it was meant for.
    private long _ticket;
    private int _finished;
    private int _waiting;
    private long _wakeups;
    private volatile bool _stopping;
    private ParallelWork? _work;
    private ExceptionDispatchInfo? _failure;

    /// <param name="threads">threads that compute, the caller's included</param>
    public ComputePool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;

        // Looking for work on a machine with fewer processors takes the time from the thread that would provide it.
        _spinLooks = threads <= Environment.ProcessorCount ? MostLooks : 1;
        _threads = new Thread[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var worker = i + 1;
            _threads[i] = new Thread(() => Work(worker))
            {
                IsBackground = true,
                Name = string.Create(CultureInfo.InvariantCulture, $"compute {worker}"),
            };
            _threads[i].Start();
        }
    }

    public int Threads { get; }

    /// <summary>Times that a thread looks for what another one is about to do before it gives up.</summary>
    public int Looks => _spinLooks;

    /// <summary>Leaves everything to the thread that calls <see cref="Run"/>.</summary>
    public bool CallerAlone { get; set; }

    /// <summary>Threads that wait until they are woken, and cost nothing meanwhile.</summary>
    internal int Parked => Volatile.Read(ref _waiting);

    /// <summary>Times that a parked thread ran again.</summary>
    internal long Wakeups => Interlocked.Read(ref _wakeups);

    /// <summary>Does every part of a work and returns when all are done.</summary>
    /// <exception cref="Exception">The first failure of a part; the remaining parts are done all the same.</exception>
    public void Run(ParallelWork work, int parts) => Do(work, parts, CallerAlone);

    /// <summary>Does the same with all threads, whatever <see cref="CallerAlone"/> says.</summary>
    /// <exception cref="Exception">The first failure of a part; the remaining parts are done all the same.</exception>
    public void Share(ParallelWork work, int parts) => Do(work, parts, alone: false);

    public void Dispose()
    {
        lock (_callers)
        {
            _stopping = true;
        }

        lock (_parked)
        {
            Monitor.PulseAll(_parked);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    private void Do(ParallelWork work, int parts, bool alone)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, MaxParts);
        if (parts <= 1 || Threads == 1 || alone)
        {
            for (var part = 0; part < parts; part++)
            {
                work.Execute(part, 0);
            }

            return;
        }

        lock (_callers)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _work = work;
            Volatile.Write(ref _finished, 0);
            var epoch = (_ticket >> 40) + 1;
            Interlocked.Exchange(ref _ticket, (epoch << 40) | ((long)parts << 20));
            if (Volatile.Read(ref _waiting) > 0)
            {
                lock (_parked)
                {
                    Monitor.PulseAll(_parked);
                }
            }

            TakeParts(0);
            WaitForOthers(parts);
            var failure = _failure;
            _failure = null;
            failure?.Throw();
        }
    }

    private static bool HasParts(long ticket) => (ticket & MaxParts) < ((ticket >> 20) & MaxParts);

    private void Work(int worker)
    {
        while (!_stopping)
        {
            TakeParts(worker);
            for (var look = 0; look < _spinLooks && !HasParts(Volatile.Read(ref _ticket)); look++)
            {
                Thread.SpinWait(SpinsPerLook);
            }

            if (!HasParts(Volatile.Read(ref _ticket)))
            {
                Park();
            }
        }
    }

    private void Park()
    {
        lock (_parked)
        {
            // The increment is visible before the ticket is read, and the publisher writes the ticket before it reads the count:
            // one of the two sees the other.
            Interlocked.Increment(ref _waiting);
            while (!_stopping && !HasParts(Interlocked.Read(ref _ticket)))
            {
                Monitor.Wait(_parked);
                _wakeups++;
            }

            Interlocked.Decrement(ref _waiting);
        }
    }

    private void TakeParts(int worker)
    {
        while (true)
        {
            var ticket = Interlocked.Read(ref _ticket);
            if (!HasParts(ticket))
            {
                return;
            }

            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket)
            {
                continue;
            }

            // The part just taken keeps this work from ending, so _work is the one the ticket belongs to.
            try
            {
                _work!.Execute((int)(ticket & MaxParts), worker);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
            finally
            {
                Interlocked.Increment(ref _finished);
            }
        }
    }

    private void WaitForOthers(int parts)
    {
        for (var look = 0; Volatile.Read(ref _finished) != parts; look++)
        {
            if (look < _spinLooks)
            {
                Thread.SpinWait(SpinsPerLook);
            }
            else
            {
                // The other thread has lost its processor: give it this one.
                Thread.Yield();
            }
        }
    }
}
