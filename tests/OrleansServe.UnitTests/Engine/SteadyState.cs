using OrleansServe.Engine.Threading;
using Xunit;

namespace OrleansServe.UnitTests.Engine;

/// <summary>
/// Requires that steps allocate nothing. The runtime allocates a little on any thread now and then, when it compiles a loop anew while that runs or grows a table: such bytes are in one
/// window of steps and not in the next. What a step allocates is in every window, and so is what one in as many steps as a window has allocates.
/// </summary>
internal static class SteadyState
{
    private const int Windows = 5;

    /// <param name="window">Runs a window's steps.</param>
    /// <param name="pool">Whose threads are watched beside the caller; null for the caller alone.</param>
    public static void RequireNoAllocation(Action window, ComputePool? pool = null)
    {
        List<string> seen = [];
        using ThreadBytes? threads = pool is null ? null : new(pool.Threads);
        while (seen.Count < Windows)
        {
            threads?.Start(pool!);
            var before = GC.GetAllocatedBytesForCurrentThread();
            window();
            long[] bytes = [GC.GetAllocatedBytesForCurrentThread() - before, .. threads?.Stop(pool!) ?? []];
            if (Array.TrueForAll(bytes, count => count == 0))
            {
                return;
            }

            seen.Add(string.Join(' ', bytes));
        }

        Assert.Fail($"every window allocated, bytes of each thread: {string.Join("; ", seen)}");
    }
}
