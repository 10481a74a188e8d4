using OrleansServe.Engine.Attention;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>The bits of some worlds' answers in one number each, computed with the instructions that this process has.</summary>
internal static class WidthDigests
{
    /// <summary>Bits of the vectors that the kernels use here.</summary>
    public static int Width => Lanes512.IsSupported ? 512 : Lanes256.IsSupported ? 256 : Lanes128.IsSupported ? 128 : 0;

    /// <summary>Writes the width, then a line for each world. Batches are checked as well, since other tiles serve them.</summary>
    public static void Print(TextWriter output, int worlds)
    {
        output.WriteLine(Width);
        foreach (var line in Of(worlds))
        {
            output.WriteLine(line);
        }
    }

    public static IEnumerable<string> Of(int worlds)
    {
        var longest = 0;
        for (var seed = 0; seed < worlds; seed++)
        {
            using var world = World.Draw(seed);
            longest = Math.Max(longest, world.Requests.Max(request => request.Prompt.Length));
            using var schedule = new Schedule(world, 0);
            schedule.Run();
            yield return $"{seed} {world.Digest:x16}";
        }

        if (longest <= RunAttention.Tokens)
        {
            throw new InvalidOperationException($"the longest prompt has {longest} tokens, which is no more than one run of attention");
        }
    }
}
