using System.Runtime.InteropServices;

namespace OrleansServe.Engine.Memory;

/// <summary>
/// Large pages for large memory: with pages of 4 KiB a walk through gigabytes of weights looks up an address every 64 cache lines. A wish only; a
/// kernel that does not grant it serves small pages.
/// </summary>
internal static unsafe partial class HugePages
{
    /// <summary>Bytes of a page, and the alignment that a block needs to consist of such.</summary>
    public const int Size = 2 << 20;

    private const int AdviseHugePages = 14;

    /// <summary>Asks for large pages where the platform has a way to.</summary>
    public static void Ask(void* memory, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            // What it returns is of no consequence: the memory is good either way.
            _ = MAdvise(memory, bytes, AdviseHugePages);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MAdvise(void* memory, nuint bytes, int advice);
}
