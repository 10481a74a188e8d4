using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

using OrleansServe.Engine.Memory;

namespace OrleansServe.Cli.Bench;

/// <summary>Measures the machine with the simplest loops that reach its limits: sums over memory, and independent multiply-adds in registers.</summary>
internal sealed class MachineProbe : IDisposable
{
    // Beyond any cache, and the same whatever the number of threads.
    private const long ReadBytes = 256L << 20;
    private const int Rounds = 12;
    private const long ChainSteps = 2_000_000;
    private const int Chains = 12;

    private readonly int _threads;
    private readonly TimeProvider _time;
    private readonly int _length;
    private readonly NativeBuffer[] _memory;

    // The sums have to go somewhere, or there would be no need to compute them.
    private float _sink;

    /// <summary>Allocates what is read.</summary>
    public MachineProbe(int threads, TimeProvider time)
    {
        (_threads, _time) = (threads, time);
        _length = (int)Math.Clamp(ReadBytes / sizeof(float) / threads, 1 << 20, 1 << 28) / 64 * 64;
        _memory = new NativeBuffer[threads];

        // The memory that weights lie in too, and each thread fills what it will read, so that the pages are near it.
        Time(worker =>
        {
            _memory[worker] = new NativeBuffer((long)_length * sizeof(float));
            _memory[worker].Floats(0, _length).Fill(1);
        });
    }

    /// <summary>Measures both limits; the best of several looks, since other work on the machine can only slow one down.</summary>
    public MachineLimits Measure(CancellationToken cancellationToken)
    {
        MachineLimits best = new(0, 0);
        for (int round = 0; round < Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            MachineLimits look = Look();
            best = new(Math.Max(best.BytesPerSecond, look.BytesPerSecond), Math.Max(best.MultiplyAddsPerSecond, look.MultiplyAddsPerSecond));
        }

        return best;
    }

    /// <summary>Measures both limits once, in some hundredths of a second.</summary>
    public MachineLimits Look()
    {
        // Threads that begin together may be put on one processor, and stay there for milliseconds: the first multiply-adds are not counted.
        double[] seconds = Time(Chain, Chain, worker => Keep(Sum(_memory[worker].Floats(0, _length))));
        double perStep = Chains * (Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector256<float>.Count);
        return new MachineLimits((double)_length * sizeof(float) * _threads / seconds[2], ChainSteps * perStep * _threads / seconds[1]);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => Array.ForEach(_memory, buffer => buffer.Dispose());

    private void Chain(int worker) => Keep(Vector512.IsHardwareAccelerated ? Chain512(ChainSteps) : Chain256(ChainSteps));

    /// <summary>Runs bodies one after the other, each on every thread at once.</summary>
    /// <returns>Seconds of each from when the first thread began until all were done.</returns>
    private double[] Time(params Action<int>[] bodies)
    {
        // Threads look at the clock themselves: a thread that only watches gets a processor when one of them is done with it.
        using Barrier barrier = new(_threads);
        long[] begins = [.. Enumerable.Repeat(long.MaxValue, bodies.Length)];
        long[] ends = new long[bodies.Length];
        Lock clock = new();
        Thread[] workers = [.. Enumerable.Range(0, _threads).Select(worker => new Thread(() =>
        {
            for (int i = 0; i < bodies.Length; i++)
            {
                barrier.SignalAndWait();
                long begin = _time.GetTimestamp();
                bodies[i](worker);
                long end = _time.GetTimestamp();
                lock (clock)
                {
                    begins[i] = Math.Min(begins[i], begin);
                    ends[i] = Math.Max(ends[i], end);
                }
            }
        }) { IsBackground = true, Name = $"probe {worker}" })];
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());
        return [.. begins.Zip(ends, (begin, end) => _time.GetElapsedTime(begin, end).TotalSeconds)];
    }

    private void Keep(float value) => Volatile.Write(ref _sink, value);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ReadOnlySpan<float> memory)
    {
        ref float at = ref MemoryMarshal.GetReference(memory);
        Vector512<float> a = Vector512<float>.Zero, b = a, c = a, d = a;
        for (nuint i = 0; i < (nuint)memory.Length; i += 64)
        {
            a += Vector512.LoadUnsafe(ref at, i);
            b += Vector512.LoadUnsafe(ref at, i + 16);
            c += Vector512.LoadUnsafe(ref at, i + 32);
            d += Vector512.LoadUnsafe(ref at, i + 48);
        }

        return Vector512.Sum(a + b + c + d);
    }

    // Twelve chains hide the latency of the multiply-add on every processor so far; numbers go to a fixed point, never to infinity.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain512(long steps)
    {
        Vector512<float> x = Vector512.Create(0.5f), y = Vector512.Create(1f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (long step = 0; step < steps; step++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain256(long steps)
    {
        Vector256<float> x = Vector256.Create(0.5f), y = Vector256.Create(1f);
        Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (long step = 0; step < steps; step++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y);
            b = Vector256.FusedMultiplyAdd(b, x, y);
            c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y);
            e = Vector256.FusedMultiplyAdd(e, x, y);
            f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y);
            h = Vector256.FusedMultiplyAdd(h, x, y);
            i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y);
            k = Vector256.FusedMultiplyAdd(k, x, y);
            l = Vector256.FusedMultiplyAdd(l, x, y);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
