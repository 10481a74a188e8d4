using OrleansServe.UnitTests.Engine.Schedules;

namespace OrleansServe.UnitTests;

/// <summary>What a child process of a test does: the processor's instruction sets can be chosen only before the runtime starts.</summary>
internal static class Program
{
    public static void Main(string[] args) => WidthDigests.Print(Console.Out, int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture));
}
