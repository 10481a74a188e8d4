using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Memory;

namespace OrleansServe.Engine;

/// <summary>A plan laid out as rows, one per token, with what every layer needs to know of a row.</summary>
internal sealed class StepBatch(int maxRows, RotaryEmbedding rotary)
{
    /// <summary>Stage of a row whose numbers are all finite.</summary>
    public const int Healthy = int.MinValue;

    private readonly float[] _cos = Buffers.Floats("rotary table", maxRows, rotary.Width);
    private readonly float[] _sin = Buffers.Floats("rotary table", maxRows, rotary.Width);

    public int Rows { get; private set; }

    public int MostRows => Tokens.Length;

    public StepPlan Plan { get; private set; } = new();

    /// <summary>Told of each layer when the KV of all rows is written, before anything attends to it.</summary>
    public Action<int>? KvWritten { get; private set; }

    public int[] Tokens { get; } = new int[maxRows];

    public int[] Positions { get; } = new int[maxRows];

    /// <summary>Index in the plan of each row's sequence.</summary>
    public int[] Sequences { get; } = new int[maxRows];

    /// <summary>Whether a row's KV is to be written; false where it is in the cache already.</summary>
    public bool[] WritesKv { get; } = new bool[maxRows];

    /// <summary>First position whose KV the rows attend to.</summary>
    public int FirstAttended { get; private set; }

    /// <summary>The first layer whose output was not finite, −1 for the embedding, <see cref="Healthy"/> for none.</summary>
    public int[] BadLayer { get; } = new int[maxRows];

    public ReadOnlySpan<float> Cos(int row) => _cos.AsSpan(row * rotary.Width, rotary.Width);

    public ReadOnlySpan<float> Sin(int row) => _sin.AsSpan(row * rotary.Width, rotary.Width);

    /// <summary>Lays out a validated plan.</summary>
    /// <param name="plan">the plan</param>
    /// <param name="firstAttended">0; 1 for the MTP layer, which has no KV for the first token</param>
    public void Load(StepPlan plan, int firstAttended = 0)
    {
        (Plan, KvWritten, FirstAttended, Rows) = (plan, plan.LayerCompleted, firstAttended, 0);
        for (var i = 0; i < plan.Count; i++)
        {
            ref readonly var sequence = ref plan[i];
            var tokens = sequence.Tokens.Span;
            for (var j = 0; j < tokens.Length; j++, Rows++)
            {
                Tokens[Rows] = tokens[j];
                Positions[Rows] = sequence.StartPosition + j;
                Sequences[Rows] = i;
                WritesKv[Rows] = j >= sequence.CachedRows;
                BadLayer[Rows] = Healthy;
                rotary.Fill(Positions[Rows], _cos.AsSpan(Rows * rotary.Width, rotary.Width), _sin.AsSpan(Rows * rotary.Width, rotary.Width));
            }
        }
    }

    /// <summary>Takes some rows of another batch.</summary>
    /// <param name="step">the other</param>
    /// <param name="first">first row</param>
    /// <param name="count">number of rows</param>
    /// <param name="kvWritten">told of each layer</param>
    public void Load(StepBatch step, int first, int count, Action<int> kvWritten)
    {
        (Plan, KvWritten, FirstAttended, Rows) = (step.Plan, kvWritten, step.FirstAttended, count);
        step.Tokens.AsSpan(first, count).CopyTo(Tokens);
        step.Positions.AsSpan(first, count).CopyTo(Positions);
        step.Sequences.AsSpan(first, count).CopyTo(Sequences);
        step.WritesKv.AsSpan(first, count).CopyTo(WritesKv);
        step.BadLayer.AsSpan(first, count).CopyTo(BadLayer);
        step._cos.AsSpan(first * rotary.Width, count * rotary.Width).CopyTo(_cos);
        step._sin.AsSpan(first * rotary.Width, count * rotary.Width).CopyTo(_sin);
    }

    /// <summary>Notes that a row was not finite after a layer, if it was before.</summary>
    public void Mark(int row, int layer, float squares)
    {
        if (!float.IsFinite(squares) && BadLayer[row] == Healthy)
        {
            BadLayer[row] = layer;
        }
    }
}
