/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads take the same two priority-inheriting locks in opposite order. */
#include "pi.h"

static pthread_mutex_t g_axis_lock, g_tool_lock;
static struct gate g_gate;
static int g_position, g_tool;

SAMPLE_FRAME static void retract_tool(void)
{
	pthread_mutex_lock(&g_tool_lock);
	g_tool = 0;
	pthread_mutex_unlock(&g_tool_lock);
}

SAMPLE_FRAME static void move_axis(int to)
{
	pthread_mutex_lock(&g_axis_lock);
	gate_pass(&g_gate);
	retract_tool();
	g_position = to;
	pthread_mutex_unlock(&g_axis_lock);
}

SAMPLE_FRAME static int read_position(void)
{
	int position;

	pthread_mutex_lock(&g_axis_lock);
	position = g_position;
	pthread_mutex_unlock(&g_axis_lock);
	return position;
}

SAMPLE_FRAME static void change_tool(void)
{
	pthread_mutex_lock(&g_tool_lock);
	g_tool = 1 + read_position();
	pthread_mutex_unlock(&g_tool_lock);
}

static void *axis_driver(void *arg)
{
	move_axis(100);
	return arg;
}

static void *tool_changer(void *arg)
{
	change_tool();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "axis_driver", .run = axis_driver},
		{.name = "tool_changer", .run = tool_changer},
	};

	pi_opposite(t, &g_axis_lock, "g_axis_lock", &g_tool_lock, "g_tool_lock", &g_gate);
	truth_function(&t[0], "retract_tool");
	truth_function(&t[0], "move_axis");
	truth_function(&t[1], "read_position");
	truth_function(&t[1], "change_tool");
	sample_rest(3);
}
