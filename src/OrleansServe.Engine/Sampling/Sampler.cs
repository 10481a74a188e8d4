using OrleansServe.Engine.Numerics;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Reductions;

namespace OrleansServe.Engine.Sampling;

/// <summary>Draws tokens from logits. Holds scratch memory for one thread; nothing else carries over from call to call.</summary>
internal sealed class Sampler(int vocabulary)
{
    /// <summary>Temperatures below this are greedy: dividing by them overflows.</summary>
    public const float LowestTemperature = 1e-4f;

    private const int Chunk = 1024;

    // Thresholds, relative to the likeliest token, of the sets that are tried in turn before the whole vocabulary is sorted.
    private static readonly float[] Levels = [1e-3f, 1e-6f, 0f];

    private readonly float[] _weights = new float[vocabulary];
    private readonly ulong[] _keys = new ulong[vocabulary];
    private readonly LogitAdjuster _adjuster = new(vocabulary);

    /// <summary>Draws a token.</summary>
    /// <param name="logits">[vocabulary] finite</param>
    /// <param name="parameters">validated</param>
    /// <param name="position">position that the token will have in its sequence</param>
    /// <param name="history">the tokens before it; used only where the parameters count tokens</param>
    public int Sample(ReadOnlySpan<float> logits, SamplingParameters parameters, int position, TokenHistory history = default)
    {
        if (parameters.Adjusts)
        {
            logits.CopyTo(_weights);
            _adjuster.Apply(parameters, position, history, _weights);
            logits = _weights;
        }

        if (parameters.Temperature < LowestTemperature)
        {
            return ArgMax.Execute(logits);
        }

        var inverse = 1f / parameters.Temperature;
        if (float.IsInfinity(Maximum.Execute(logits) * inverse))
        {
            // Beyond the largest number nothing but the largest logit has a share.
            return ArgMax.Execute(logits);
        }

        Scale.Execute(inverse, logits, _weights);
        Exponential.ExecuteShifted(_weights, Maximum.Execute(_weights), _weights);
        var u = Philox.Uniform(parameters.Seed, parameters.SampleIndex, position);
        return parameters.TopK > 0 || parameters.TopP < 1 || parameters.MinP > 0
            ? DrawFiltered(parameters, u)
            : Draw(u * Total(_weights));
    }

    /// <summary>ln Σ e^logit, as the largest logit and the logarithm of the sum relative to it.</summary>
    public (float Max, double LogSum) Normaliser(ReadOnlySpan<float> logits)
    {
        var max = Maximum.Execute(logits);
        Exponential.ExecuteShifted(logits, max, _weights);
        return (max, PortableMath.Log(Total(_weights)));
    }

    /// <summary>Finds the largest logits, largest first, ties by lowest id.</summary>
    public static void Top(ReadOnlySpan<float> logits, Span<int> ids)
    {
        var count = 0;
        for (var i = 0; i < logits.Length; i++)
        {
            if (count == ids.Length && (count == 0 || logits[i] <= logits[ids[count - 1]]))
            {
                continue;
            }

            var place = count < ids.Length ? count++ : count - 1;
            for (; place > 0 && logits[ids[place - 1]] < logits[i]; place--)
            {
                ids[place] = ids[place - 1];
            }

            ids[place] = i;
        }
    }

    private static double Total(ReadOnlySpan<float> weights)
    {
        var total = 0.0;
        for (; !weights.IsEmpty; weights = weights[Math.Min(Chunk, weights.Length)..])
        {
            total += Sum.Execute(weights[..Math.Min(Chunk, weights.Length)]);
        }

        return total;
    }

    // Walks the weights in order of id until they reach the target.
    private int Draw(double target)
    {
        var last = 0;
        for (var start = 0; start < _weights.Length; start += Chunk)
        {
            var chunk = _weights.AsSpan(start, Math.Min(Chunk, _weights.Length - start));
            var sum = (double)Sum.Execute(chunk);
            if (sum > 0 && target < sum)
            {
                return start + Walk(chunk, target);
            }

            target -= sum;
            last = sum > 0 ? start : last;
        }

        return last + Walk(_weights.AsSpan(last, Math.Min(Chunk, _weights.Length - last)), double.MaxValue);
    }

    // The chunk's sum was rounded differently, so the target may lie just beyond its end: the last possible token then.
    private static int Walk(ReadOnlySpan<float> weights, double target)
    {
        var last = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                target -= weights[i];
                if (target < 0)
                {
                    break;
                }
            }
        }

        return last;
    }

    private int DrawFiltered(SamplingParameters parameters, double u)
    {
        var (count, mass) = (0, 0.0);
        foreach (var level in Levels)
        {
            var candidates = Gather(level);
            if (Cut(parameters, candidates, level, out count, out mass))
            {
                break;
            }
        }

        var target = u * mass;
        var chosen = 0;
        for (; chosen < count - 1; chosen++)
        {
            target -= Weight(chosen);
            if (target < 0)
            {
                break;
            }
        }

        return (int)(uint)_keys[chosen];
    }

    // Tokens of at least a weight, heaviest first, ties by lowest id.
    private int Gather(float level)
    {
        var count = 0;
        for (var i = 0; i < _weights.Length; i++)
        {
            // What has no weight is never drawn, not even where rounding leaves the draw beyond the last candidate.
            if (_weights[i] > 0 && _weights[i] >= level)
            {
                _keys[count++] = ((ulong)~BitConverter.SingleToUInt32Bits(_weights[i]) << 32) | (uint)i;
            }
        }

        _keys.AsSpan(0, count).Sort();
        return count;
    }

    private float Weight(int rank) => BitConverter.UInt32BitsToSingle(~(uint)(_keys[rank] >> 32));

    /// <summary>Applies the filters to sorted candidates.</summary>
    /// <param name="parameters">the filters</param>
    /// <param name="candidates">how many tokens were gathered</param>
    /// <param name="level">weight below which none was gathered</param>
    /// <param name="count">how many stay</param>
    /// <param name="mass">their weight</param>
    /// <returns>False if tokens that were not gathered could matter.</returns>
    private bool Cut(SamplingParameters parameters, int candidates, float level, out int count, out double mass)
    {
        var complete = level <= 0;
        var limit = candidates;
        var total = 0.0;
        if (parameters.TopK > 0)
        {
            limit = Math.Min(parameters.TopK, candidates);
            for (var i = 0; i < limit; i++)
            {
                total += Weight(i);
            }

            // With too few gathered the sum over the k likeliest is not known.
            if (!complete && candidates < parameters.TopK)
            {
                (count, mass) = (0, 0);
                return false;
            }

            complete = true;
        }
        else
        {
            total = Total(_weights);
        }

        (count, mass) = (0, 0);
        var enough = parameters.TopP * total;
        while (count < limit)
        {
            var weight = Weight(count);
            if (count > 0 && (weight < parameters.MinP || (parameters.TopP < 1 && mass >= enough)))
            {
                return true;
            }

            mass += weight;
            count++;
        }

        return complete || level <= parameters.MinP || (parameters.TopP < 1 && mass >= enough);
    }
}
