namespace OrleansServe.Policies.Batching;

/// <summary>What a step has to keep to.</summary>
/// <param name="Tokens">Tokens of the step at most.</param>
/// <param name="Blocks">KV blocks that can be given out.</param>
/// <param name="PromptFloor">Tokens of prompts that a step takes whatever the streams beside them are promised, so that prompts always progress.</param>
/// <param name="Now">The time.</param>
/// <param name="Cost">What a step takes.</param>
/// <param name="Targets">What the classes are promised.</param>
public readonly record struct BatchLimits(int Tokens, int Blocks, int PromptFloor, TimeSpan Now, StepCost Cost, ServiceTargets Targets);
