using System.Globalization;
using OrleansServe.UnitTests.Engine.Schedules;
using OrleansServe.UnitTests.Transfer.Faults;

namespace OrleansServe.UnitTests;

/// <summary>What a child process of a test does: the processor's instruction sets and the thread pool's size can be chosen only before the runtime starts.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args is [FaultHost.Name, { } first, { } count, { } stride])
        {
            return FaultHost.Run(Number(first), Number(count), Number(stride), Console.Out);
        }

        WidthDigests.Print(Console.Out, Number(args[0]));
        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
