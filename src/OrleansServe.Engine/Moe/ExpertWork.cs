using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Engine.Moe;

/// <summary>The routed experts' work of one MoE layer in one step. The memories belong to the engine and are valid until the layer is done.</summary>
public readonly struct ExpertWork
{
    /// <summary>Layer index; the MTP layer follows the last one of the main model.</summary>
    public required int Layer { get; init; }

    /// <summary>Rows (tokens) of the step.</summary>
    public required int Rows { get; init; }

    /// <summary>Experts per row.</summary>
    public required int TopK { get; init; }

    /// <summary>Floats per row.</summary>
    public required int Hidden { get; init; }

    /// <summary>Numbers in which rows may be sent: of a format other than exact, <see cref="Input"/> is rounded to it already, and the engine rounds what comes back.</summary>
    public required ExpertRowFormat Format { get; init; }

    /// <summary>[rows, hidden] normalised input of the layer's experts.</summary>
    public required ReadOnlyMemory<float> Input { get; init; }

    /// <summary>[rows, topk] expert ids, ascending within a row.</summary>
    public required ReadOnlyMemory<int> ExpertIds { get; init; }

    /// <summary>[rows, topk, hidden] to be filled with each expert's output for that row, not weighted.</summary>
    public required Memory<float> Output { get; init; }

    /// <summary>Computes experts on the engine's own threads, for a dispatcher that has their weights at hand.</summary>
    public required ExpertCompute Compute { get; init; }
}
