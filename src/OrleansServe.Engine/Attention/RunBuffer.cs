using OrleansServe.Engine.Memory;

namespace OrleansServe.Engine.Attention;

/// <summary>Memory for the sums of some runs of positions.</summary>
/// <param name="runs">number of runs</param>
/// <param name="heads">heads of each</param>
/// <param name="latent">floats of a head's output</param>
internal sealed class RunBuffer(int runs, int heads, int latent)
{
    private readonly float[] _outputs = Buffers.Floats("attention sums", runs, (long)heads * latent);
    private readonly float[] _maxima = Buffers.Floats("attention sums", runs, heads);
    private readonly float[] _sums = Buffers.Floats("attention sums", runs, heads);

    public int Runs { get; } = runs;

    /// <summary>Some heads of a run.</summary>
    public RunSums At(int run, int head, int count)
    {
        var first = (run * heads) + head;
        return new RunSums(_outputs.AsSpan(first * latent, count * latent), _maxima.AsSpan(first, count), _sums.AsSpan(first, count));
    }
}
