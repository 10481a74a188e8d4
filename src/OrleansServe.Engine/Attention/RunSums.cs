using OrleansServe.Kernels.Elementwise;

namespace OrleansServe.Engine.Attention;

/// <summary>
/// What attention to some positions amounts to, for some heads: the largest score, the sum of the weights and the sum of the weighted latents, both
/// relative to that score.
/// </summary>
/// <param name="outputs">[heads, latent]</param>
/// <param name="maxima">[heads]</param>
/// <param name="sums">[heads]</param>
internal readonly ref struct RunSums(Span<float> outputs, Span<float> maxima, Span<float> sums)
{
    private readonly Span<float> _outputs = outputs;
    private readonly Span<float> _maxima = maxima;
    private readonly Span<float> _sums = sums;

    /// <summary>[heads, latent]</summary>
    public Span<float> Outputs => _outputs;

    /// <summary>[heads]</summary>
    public Span<float> Maxima => _maxima;

    /// <summary>[heads]</summary>
    public Span<float> Sums => _sums;

    private int Latent => _outputs.Length / _sums.Length;

    /// <summary>Nothing attended to yet.</summary>
    public void Clear()
    {
        _outputs.Clear();
        _maxima.Fill(float.NegativeInfinity);
        _sums.Clear();
    }

    /// <summary>Adds the positions that follow these.</summary>
    public void Add(RunSums next)
    {
        for (var i = 0; i < _sums.Length; i++)
        {
            var max = MathF.Max(_maxima[i], next._maxima[i]);
            var weight = Exponential.Scalar(next._maxima[i] - max);
            Shrink(i, max);
            _sums[i] = MathF.FusedMultiplyAdd(weight, next._sums[i], _sums[i]);
            ScaledAdd.Execute(weight, next._outputs.Slice(i * Latent, Latent), Output(i));
        }
    }

    /// <summary>Makes sums of one head relative to another score.</summary>
    public void Shrink(int head, float max)
    {
        if (_maxima[head] == max)
        {
            return;
        }

        var factor = Exponential.Scalar(_maxima[head] - max);
        _maxima[head] = max;
        if (factor != 1f)
        {
            _sums[head] *= factor;
            Scale.Execute(factor, Output(head), Output(head));
        }
    }

    /// <summary>Divides by the sums: the outputs are attention's then.</summary>
    public void Normalise()
    {
        for (var i = 0; i < _sums.Length; i++)
        {
            Scale.Execute(1f / _sums[i], Output(i), Output(i));
        }
    }

    private Span<float> Output(int head) => _outputs.Slice(head * Latent, Latent);
}
