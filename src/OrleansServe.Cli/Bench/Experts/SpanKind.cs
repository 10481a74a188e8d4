using OrleansServe.Engine.Overlap;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>What a part of the time line is; first the engine's stages.</summary>
internal enum SpanKind
{
    /// <inheritdoc cref="OverlapStage.AttentionInput"/>
    AttentionInput = OverlapStage.AttentionInput,

    /// <inheritdoc cref="OverlapStage.AttentionCore"/>
    AttentionCore = OverlapStage.AttentionCore,

    /// <inheritdoc cref="OverlapStage.Dispatch"/>
    Dispatch = OverlapStage.Dispatch,

    /// <inheritdoc cref="OverlapStage.Mlp"/>
    Mlp = OverlapStage.Mlp,

    /// <summary>Adding what came back.</summary>
    Combine = OverlapStage.Combine,

    /// <summary>The engine waits.</summary>
    Wait,

    /// <summary>Rows are on their way to a device.</summary>
    There,

    /// <summary>They wait for the device.</summary>
    Queued,

    /// <summary>The device computes.</summary>
    Far,

    /// <summary>Outputs are on their way back.</summary>
    Back,
}
